"""Serves MiniStack on a Unix socket, which its own start cannot; all else is as its own start does it."""

import asyncio
import base64
import contextvars
import dataclasses
import json
import os
import re
import resource
import sys
import threading
import urllib.error
import urllib.request
import uuid

from hypercorn.asyncio import serve
from hypercorn.config import Config

os.umask(0o077)
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
except (ValueError, OSError):
    # macOS takes no unlimited number; then it stays as it is.
    pass

# A secret: who knows it can give events to functions.
deliveries = os.environ.pop("PIPE_DELIVERIES", None)

# Last: it reads limits and environment when it is imported.
from ministack.app import app


def hand_over(url):
    """Hands what MiniStack has for functions and streams over to pipe, with what it knows of the sender, and leaves the schedules to pipe.

    MiniStack looks these functions up by name whenever it needs them; its version is pinned.
    """
    from ministack.core import iam_evaluator
    from ministack.services import cloudwatch_logs, eventbridge, iot, lambda_svc, scheduler

    sender = contextvars.ContextVar("sender", default={})
    # No proxy of the system stands between two programs of one machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def give(function, request, event):
        given = {"function": function, "request": request, "sender": sender.get(), "event": event}
        body = json.dumps(given, ensure_ascii=False).encode()
        try:
            with opener.open(urllib.request.Request(url, data=body, method="POST"), timeout=1000) as answer:
                failed = answer.headers.get("X-Amz-Function-Error") is not None
                return {"body": json.loads(answer.read() or b"null"), "error": failed}
        except Exception as error:
            if isinstance(error, urllib.error.HTTPError) and error.code == 429:
                reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
                return lambda_svc._throttle_response(reason_code=reason, msg="Rate Exceeded.")
            return {"body": {"errorMessage": f"pipe does not take it: {error}", "errorType": "ServiceException"}, "error": True}

    def call(func, event, _url, request):
        return give((func.get("config") or func).get("FunctionArn", ""), sender.get().get("request", request), event)

    def beside(work, *arguments):
        """Does it in a thread of its own, which otherwise knows nothing of the sender."""
        threading.Thread(target=contextvars.copy_context().run, args=(work, *arguments), daemon=True).start()

    def as_sender(whose, work, *arguments):
        token = sender.set(whose)
        try:
            return work(*arguments)
        finally:
            sender.reset(token)

    invoke_target, invoke = eventbridge._invoke_target, lambda_svc._invoke
    to_functions = cloudwatch_logs._fanout_to_subscription_filters

    def to_target(target, event, rule, view=None):
        arn = target.get("Arn", "")
        whose = {"rule": rule.get("Arn"), "queue": (target.get("DeadLetterConfig") or {}).get("Arn")}
        if ":kinesis:" in arn:
            whose |= {"stream": arn, "role": target.get("RoleArn")}
            # It makes the input of a function's target, and knows no streams.
            target = {**target, "Arn": arn.replace(":kinesis:", ":lambda:", 1).replace(":stream/", ":function:", 1)}
        as_sender(whose, invoke_target, target, event, rule, view)

    def to_function(arn, payload):
        try:
            event = json.loads(payload)
        except ValueError as error:
            whose = {key: value for key, value in sender.get().items() if key != "stream"}
            why = f"what the rule's template makes is no JSON: {error}"
            return as_sender({**whose, "refused": why}, beside, give, arn, str(uuid.uuid4()), payload)
        if "stream" in sender.get():
            return beside(give, "", "", event)
        func, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if not func or not config:
            # Who sends has dead letters for what is not there.
            return beside(give, arn, str(uuid.uuid4()), event)
        record = lambda_svc._execution_record_for_config(func, config)
        beside(lambda_svc._execute_function_with_config_scope, record, event)

    def to_filters(group, stream, events):
        to_functions(group, stream, events)
        filters = (cloudwatch_logs._log_groups.get(group) or {}).get("subscriptionFilters") or {}
        for one in [one for one in filters.values() if ":kinesis:" in one.get("destinationArn", "")]:
            pattern, matches = one.get("filterPattern", ""), cloudwatch_logs._subscription_pattern_matches
            matched = [event for event in events if matches(pattern, event.get("message", ""))]
            message = {
                "messageType": "DATA_MESSAGE",
                "owner": cloudwatch_logs.get_account_id(),
                "logGroup": group,
                "logStream": stream,
                "subscriptionFilters": [one.get("filterName", "")],
                "logEvents": [{"id": cloudwatch_logs.new_uuid().replace("-", ""), **event} for event in matched],
            }
            whose = {"stream": one["destinationArn"], "role": one.get("roleArn"), "group": group}
            if matched:
                as_sender(whose, beside, give, "", "", message)

    run_actions, run_action = iot._run_rule_actions, iot._dispatch_rule_action

    async def of_rule(account, region, rule, payload, topic="", client_id=None):
        published = {
            "rule": f"arn:aws:iot:{region}:{account}:rule/{rule.get('ruleName', '')}",
            "topic": topic,
            "client": client_id or "N/A",
            "trace": iot._rule_message_identity.get()[1],
            "payload": base64.b64encode(payload or b"").decode(),
        }
        action = rule.get("errorAction") or {}
        if "sqs" in action:
            published["error"] = action
        token = sender.set({"iot": published})
        try:
            return await run_actions(account, region, rule, payload, topic, client_id)
        finally:
            sender.reset(token)

    async def to_action(account, region, rule, action, event):
        if "kinesis" in action:
            stream = action["kinesis"]
            whose = {
                "iot": {**sender.get()["iot"], "key": stream.get("partitionKey")},
                "stream": f"arn:aws:kinesis:{region}:{account}:stream/{stream.get('streamName')}",
                "role": stream.get("roleArn"),
            }
            return as_sender(whose, beside, give, "", "", event)
        if "lambda" not in action:
            return await run_action(account, region, rule, action, event)
        arn = action["lambda"].get("functionArn", "")
        func, config, _ = lambda_svc._get_func_record_for_ref_in_scope(arn, account_id=account, region=region)
        if not func or not config:
            # So the rule's error action hears of it.
            raise LookupError(f"the function {arn} is not there")
        record = lambda_svc._execution_record_for_config(func, config)
        beside(lambda_svc._execute_function_with_config_scope, record, event)

    trusts = iam_evaluator.evaluate_trust_policy

    def service_trusted(trust, caller, context=None):
        # The root is who plays the services: what they act for it tells as the external id.
        acts_for = context and caller.endswith(":root") and context.service_context.get("sts:externalid")
        if acts_for:
            more = {"aws:sourcearn": acts_for, "aws:sourceaccount": context.principal_account}
            context = dataclasses.replace(context, service_context={**context.service_context, **more})
        return trusts(trust, caller, context)

    async def told(name, event, headers, *more, **options):
        kind = headers.get("x-amz-invocation-type") or "RequestResponse"
        request = str(uuid.uuid4())
        token = sender.set({"invoke": kind, "schedule": headers.get("x-pipe-schedule"), "request": request})
        try:
            status, answered, body = await invoke(name, event, headers, *more, **options)
            # The caller is to know the call by the id that the function has: MiniStack draws another.
            return status, {**answered, "x-pipe-request": request}, body
        finally:
            sender.reset(token)

    matches_line = cloudwatch_logs._subscription_pattern_matches

    def takes_line(pattern, line):
        """All terms, none of those behind a `-`, or, where there are no others, any one behind a `?`; MiniStack wants them all."""
        # Members of JSON, columns and regular expressions are not looked at here.
        if re.search(r"[{}\[\]%]", re.sub(r'"[^"]*"', "", pattern or "")):
            return matches_line(pattern, line)
        found = re.findall(r'([-?]?)(?:"([^"]*)"|([^\s"]+))', pattern or "")
        terms = {sign: [quoted or plain for of, quoted, plain in found if of == sign] for sign in ("", "-", "?")}
        if terms[""] or terms["-"]:
            return all(term in line for term in terms[""]) and not any(term in line for term in terms["-"])
        return not terms["?"] or any(term in line for term in terms["?"])

    eventbridge._invoke_target, eventbridge._dispatch_to_lambda = to_target, to_function
    cloudwatch_logs._fanout_to_subscription_filters = to_filters
    cloudwatch_logs._subscription_pattern_matches = takes_line
    iot._run_rule_actions, iot._dispatch_rule_action = of_rule, to_action
    iam_evaluator.evaluate_trust_policy = service_trusted
    lambda_svc._invoke = told
    # It would drop what is pushed to a function that may not run now: pipe counts the calls, and keeps what is refused.
    lambda_svc._acquire_execution_slot, lambda_svc._release_execution_slot = lambda *_: ("", None), lambda _: None
    lambda_svc._proxy_url_for, lambda_svc._execute_function_proxy = lambda _config: url, call
    # Its lines about calls: pipe writes those of the calls that it makes.
    lambda_svc._emit_lambda_logs = lambda *_, **__: None
    # pipe counts all calls, these too.
    lambda_svc._emit_lambda_metrics = lambda *_, **__: None
    scheduler._tick_schedules = lambda: None


if deliveries:
    hand_over(deliveries)

config = Config()
config.bind = ["unix:" + sys.argv[1]]
config.keep_alive_timeout = 75
asyncio.run(serve(app, config))
