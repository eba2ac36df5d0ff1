"""boto3 with its default settings: boto3-client.py ENDPOINT ACT ARGUMENT... [+ ACT ARGUMENT...]..."""

import sys

import boto3

endpoint, *words = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=endpoint)


def keys_of(bucket, prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def mb(bucket):
    s3.create_bucket(Bucket=bucket)


def rb(bucket):
    s3.delete_bucket(Bucket=bucket)


def put(path, bucket, key):
    s3.upload_file(path, bucket, key)


def get(bucket, key, path):
    s3.download_file(bucket, key, path)


def cp(bucket, key, target):
    s3.copy({"Bucket": bucket, "Key": key}, bucket, target)


def ls(bucket, prefix=""):
    print("\n".join(keys_of(bucket, prefix)))


def rm(bucket, prefix=""):
    objects = [{"Key": key} for key in keys_of(bucket, prefix)]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    if answer.get("Errors"):
        sys.exit(str(answer["Errors"]))


def presign(bucket, key):
    print(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}))


acts = {one.__name__: one for one in (mb, rb, put, get, cp, ls, rm, presign)}
while words:
    end = words.index("+") if "+" in words else len(words)
    act, *arguments = words[:end]
    acts[act](*arguments)
    words = words[end + 1 :]
