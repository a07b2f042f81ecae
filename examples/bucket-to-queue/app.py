"""Keeps a list of the files in the bucket."""
import json
import logging
import os
from urllib.parse import unquote_plus

import boto3

log = logging.getLogger()
table = boto3.resource("dynamodb").Table(os.environ["PIPE_TABLE"])


def handler(event, context):
    failed = []
    for message in event["Records"]:
        try:
            # What S3 sends when the link is made has no records.
            for record in json.loads(message["body"]).get("Records", []):
                found = record["s3"]["object"]
                key = unquote_plus(found["key"])
                table.put_item(Item={"key": key, "size": found["size"], "etag": found["eTag"]})
        except Exception:
            log.exception("message %s failed", message["messageId"])
            # Only this message is given again.
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}
