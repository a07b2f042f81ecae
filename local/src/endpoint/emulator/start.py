"""Serves MiniStack on a Unix socket, which its own start cannot; all else is as its own start does it."""

import asyncio
import contextvars
import json
import os
import resource
import sys
import threading
import urllib.error
import urllib.request

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
    """Hands every call of a function over to pipe, with what MiniStack knows of the sender, and leaves the schedules to pipe.

    MiniStack looks these functions up by name whenever it needs them; its version is pinned.
    """
    from ministack.services import eventbridge, lambda_svc, scheduler

    sender = contextvars.ContextVar("sender", default={})
    # No proxy of the system stands between two programs of one machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(func, event, _url, request):
        function = (func.get("config") or func).get("FunctionArn", "")
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

    def named(whose, work, *arguments):
        token = sender.set(whose)
        try:
            return work(*arguments)
        finally:
            sender.reset(token)

    invoke_target, invoke = eventbridge._invoke_target, lambda_svc._invoke

    def to_target(target, event, rule, view=None):
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        named({"rule": rule.get("Arn"), "queue": queue}, invoke_target, target, event, rule, view)

    def to_function(arn, payload):
        func, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if func and config:
            record = lambda_svc._execution_record_for_config(func, config)
            # A thread of its own knows nothing of the sender.
            run = contextvars.copy_context().run
            work = (lambda_svc._execute_function_with_config_scope, record, json.loads(payload))
            threading.Thread(target=run, args=work, daemon=True).start()

    async def told(name, event, headers, *more, **options):
        kind = headers.get("x-amz-invocation-type") or "RequestResponse"
        token = sender.set({"invoke": kind, "schedule": headers.get("x-pipe-schedule")})
        try:
            return await invoke(name, event, headers, *more, **options)
        finally:
            sender.reset(token)

    eventbridge._invoke_target, eventbridge._dispatch_to_lambda = to_target, to_function
    lambda_svc._invoke = told
    lambda_svc._proxy_url_for, lambda_svc._execute_function_proxy = lambda _config: url, call
    # Its lines about calls: pipe writes those of the calls that it makes.
    lambda_svc._emit_lambda_logs = lambda *_, **__: None
    scheduler._tick_schedules = lambda: None


if deliveries:
    hand_over(deliveries)

config = Config()
config.bind = ["unix:" + sys.argv[1]]
config.keep_alive_timeout = 75
asyncio.run(serve(app, config))
