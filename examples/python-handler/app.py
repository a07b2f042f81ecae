"""Keeps the last reading of each device."""
import base64
import json
import logging
import os
from decimal import Decimal

import boto3

log = logging.getLogger()
table = boto3.resource("dynamodb").Table(os.environ["PIPE_TABLE"])


def handler(event, context):
    failed = []
    for record in event["Records"]:
        sequence = record["kinesis"]["sequenceNumber"]
        try:
            reading = json.loads(base64.b64decode(record["kinesis"]["data"]), parse_float=Decimal)
            table.put_item(Item={**reading, "device": record["kinesis"]["partitionKey"]})
        except Exception:
            log.exception("record %s failed", sequence)
            # The records from this one on are given again, in their order.
            failed.append({"itemIdentifier": sequence})
            break
    return {"batchItemFailures": failed}
