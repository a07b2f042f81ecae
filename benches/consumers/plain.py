"""A plain consumer: boto3, and AWS's own library for partial answers. The loop stands for AWS's runtime client, which does more."""

import base64
import http.client
import json
import os
from decimal import Decimal

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

table = boto3.resource("dynamodb").Table(os.environ["PIPE_TABLE"])
processor = BatchProcessor(event_type=EventType.KinesisDataStreams)


def write(record):
    data = base64.b64decode(record["kinesis"]["data"])
    table.put_item(Item=json.loads(data, parse_float=Decimal))


def handler(event):
    return process_partial_response(event=event, record_handler=write, processor=processor)


api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    call = api.getresponse()
    event = json.loads(call.read())
    path = f"/2018-06-01/runtime/invocation/{call.headers['Lambda-Runtime-Aws-Request-Id']}/response"
    api.request("POST", path, json.dumps(handler(event)))
    api.getresponse().read()
