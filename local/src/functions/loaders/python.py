"""Runs a handler written in Python, as AWS's runtime does: calls come by the Runtime API, one after another.

Forms of errors, of the context and of log lines are those of AWS's own (https://github.com/aws/aws-lambda-python-runtime-interface-client).
"""
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

ROOT = os.environ["LAMBDA_TASK_ROOT"]
JSON_LOG = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
LEVELS = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50}
# What AWS's runtime has and Python alone has not.
OF_THE_RUNTIME = ("boto3", "botocore")
current = {"id": None}


class Api:
    """The Runtime API, by one connection."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, "/2018-06-01/runtime/" + path, body, headers or {})
        answer = self.connection.getresponse()
        return answer.headers, answer.read()

    def fail(self, path, document):
        # What json refuses (a lone surrogate in a message) is escaped.
        body = json.dumps(document).encode()
        self.ask("POST", path, body, {"Lambda-Runtime-Function-Error-Type": document["errorType"]})


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """What a handler is told about its call."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = None
        self.identity = Identity()
        self.tenant_id = None

    def get_remaining_time_in_millis(self):
        return max(int(self.deadline_ms - time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))


class Lines(logging.Formatter):
    """Log records as lines of AWS's two formats."""

    converter = time.gmtime

    def format(self, record):
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        at = "%s.%03dZ" % (at, record.msecs)
        if not JSON_LOG:
            text = record.getMessage()
            if record.exc_info:
                text += "\n" + self.formatException(record.exc_info)
            return "[%s]\t%s\t%s\t%s" % (record.levelname, at, current["id"] or "", text)
        level = {"WARNING": "WARN", "CRITICAL": "FATAL"}.get(record.levelname, record.levelname)
        line = {"timestamp": at, "level": level, "message": record.getMessage(), "logger": record.name}
        if current["id"]:
            line["requestId"] = current["id"]
        if record.exc_info and record.exc_info[0]:
            line["errorType"] = record.exc_info[0].__name__
            line["errorMessage"] = str(record.exc_info[1])
            line["stackTrace"] = traceback.format_tb(record.exc_info[2])
        return json.dumps(line, default=str)


def log_as_lambda_does():
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Lines())
    logging.addLevelName(5, "TRACE")
    root = logging.getLogger()
    root.addHandler(handler)
    if JSON_LOG:
        root.setLevel(LEVELS.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", ""), logging.INFO))


def tell(document):
    """Writes an error to the log."""
    if JSON_LOG:
        print(json.dumps({"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": "ERROR", **document}))
    else:
        print("[ERROR] %s: %s" % (document["errorType"], document["errorMessage"]))
        if document["stackTrace"]:
            print("Traceback (most recent call last):")
            print("".join(document["stackTrace"]), end="")


def shown(error, kind=None, message=None):
    """An error as Lambda answers it; the frames are those of the user's code."""
    frames = traceback.extract_tb(error.__traceback__)
    # The first frames are this program's, which has no file, and importlib's.
    while frames and (frames[0].filename == "<string>" or "importlib" in frames[0].filename):
        frames = frames[1:]
    return {
        "errorMessage": str(error) if message is None else message,
        "errorType": kind or type(error).__name__,
        "requestId": current["id"] or "",
        "stackTrace": traceback.format_list(frames),
    }


def load(entry):
    """The handler; or an error to be reported."""
    module, dot, name = entry.rpartition(".")
    if not dot:
        error = ValueError("not enough values to unpack (expected 2, got 1)")
        return None, shown(error, "Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (entry, error))
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        missing = (getattr(error, "name", None) or "").split(".")[0]
        if missing in OF_THE_RUNTIME:
            print("AWS's runtime brings `%s`, and this Python lacks it: `pip install %s` for %s" % (missing, missing, sys.executable))
        return None, shown(error, "Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, error))
    except SyntaxError as error:
        return None, shown(error, "Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, error))
    except Exception as error:
        return None, shown(error)
    handler = getattr(loaded, name, None)
    if handler is None:
        error = AttributeError("Handler '%s' missing on module '%s'" % (name, module))
        return None, shown(error, "Runtime.HandlerNotFound")
    return handler, None


def main():
    # As on Lambda, the code's own folder is where modules are found first.
    sys.path[:] = [ROOT] + [path for path in sys.path if path not in ("", ROOT)]
    sys.argv = [os.environ["_HANDLER"]]
    log_as_lambda_does()
    api = Api()
    handler, failed = load(os.environ["_HANDLER"])
    if failed:
        tell(failed)
        api.fail("init/error", failed)
        sys.exit(1)
    while True:
        headers, event = api.ask("GET", "invocation/next")
        context = Context(headers)
        current["id"] = context.aws_request_id
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
        path = "invocation/%s/" % context.aws_request_id
        try:
            answer = handler(json.loads(event), context)
            try:
                answer = json.dumps(answer, ensure_ascii=False).encode()
            except Exception as error:
                document = shown(error, "Runtime.MarshalError", "Unable to marshal response: %s" % error)
                tell(document)
                api.fail(path + "error", document)
                continue
        except Exception as error:
            document = shown(error)
            tell(document)
            api.fail(path + "error", document)
            continue
        api.ask("POST", path + "response", answer, {"Content-Type": "application/json"})
        current["id"] = None


main()
