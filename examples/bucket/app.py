"""Writes each row of a CSV file that comes into the bucket to the table."""
import csv
import os
from urllib.parse import unquote_plus

import boto3

s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["PIPE_TABLE"])


def handler(event, context):
    for record in event["Records"]:
        # S3 writes keys as forms do: a space is a `+`.
        key = unquote_plus(record["s3"]["object"]["key"])
        found = s3.get_object(Bucket=record["s3"]["bucket"]["name"], Key=key)
        lines = (line.decode() for line in found["Body"].iter_lines())
        # The same rows again, if S3 tells of a file twice: a row has the same key each time.
        with table.batch_writer(overwrite_by_pkeys=["id"]) as batch:
            for row in csv.DictReader(lines):
                batch.put_item(Item=row)
