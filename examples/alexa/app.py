"""Answers a skill of Alexa's."""


def handler(event, context):
    request = event["request"]
    if request["type"] == "LaunchRequest":
        return said("Whom shall I greet?", ends=False)
    if request["type"] == "IntentRequest":
        slots = request["intent"].get("slots", {})
        return said(f"Hello {slots.get('name', {}).get('value', 'world')}.")
    # The session has ended: nothing is said any more.
    return {"version": "1.0", "response": {}}


def said(text, ends=True):
    speech = {"type": "PlainText", "text": text}
    return {"version": "1.0", "response": {"outputSpeech": speech, "shouldEndSession": ends}}
