"""Writes each line of a log to the table."""
import base64
import gzip
import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["PIPE_TABLE"])


def handler(event, context):
    packed = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    # CloudWatch also asks whether somebody is there, without lines of the log.
    if packed["messageType"] != "DATA_MESSAGE":
        return
    # A line that comes twice has the same id.
    with table.batch_writer(overwrite_by_pkeys=["id"]) as batch:
        for line in packed["logEvents"]:
            row = {"id": line["id"], "at": line["timestamp"], "line": line["message"]}
            batch.put_item(Item={**row, "stream": packed["logStream"]})
