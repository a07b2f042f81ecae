#!/usr/bin/env python3
"""A function that does what its event says. It speaks the Runtime API itself, so that the tests see every answer of it."""
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"


def post(path, body):
    try:
        with urllib.request.urlopen(urllib.request.Request(API + path, body)) as answer:
            return [answer.status, json.loads(answer.read())]
    except urllib.error.HTTPError as refused:
        return [refused.code, json.loads(refused.read())]


def facts(event, headers):
    return {
        "pid": os.getpid(),
        "event": event,
        "headers": {name.lower(): value for name, value in headers.items()},
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "stdin": sys.stdin.read(),
    }


def serve(event, headers):
    me = headers["Lambda-Runtime-Aws-Request-Id"]
    answer, error = f"invocation/{me}/response", f"invocation/{me}/error"
    match event.get("do"):
        case "fail":
            return post(error, json.dumps({"errorMessage": "no", "errorType": "Mine", "pid": os.getpid()}).encode())
        case "exit":
            os._exit(event["code"])
        case "signal":
            os.kill(os.getpid(), event["signal"])
            time.sleep(60)
        case "sleep":
            time.sleep(event["seconds"])
        case "wait":
            open(event["file"] + ".begun", "w").close()
            while not os.path.exists(event["file"]):
                time.sleep(0.01)
        case "hog":
            kept = bytearray(event["megabytes"] << 20)
            kept[::4096] = b"x" * len(kept[::4096])
            time.sleep(60)
        case "spike":
            bytearray(event["megabytes"] << 20)[::4096] = b"x" * (event["megabytes"] << 8)
        case "big":
            said = post(answer, b" " * event["bytes"])
            print("said", json.dumps(said), flush=True)
            return said
        case "refused":
            wrong = post("invocation/another/response", b"1")
            late = post("init/error", b"1")
            first = post(answer, json.dumps([wrong, late]).encode())
            second = post(answer, b"2")
            print("said", json.dumps([first, second]), flush=True)
            return second
        case "print":
            for line in event["lines"]:
                print(line, flush=True)
        case "long":
            print("x" * event["bytes"], flush=True)
        case "leave":
            child = subprocess.Popen(["sleep", "300"])
            return post(answer, json.dumps({"pid": os.getpid(), "child": child.pid}).encode())
        case "last":
            post(answer, json.dumps({"pid": os.getpid()}).encode())
            os._exit(0)
    return post(answer, json.dumps(facts(event, headers)).encode())


def main():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        with urllib.request.urlopen(API + "invocation/next") as call:
            headers, event = call.headers, json.loads(call.read())
        serve(event, headers)


main()
