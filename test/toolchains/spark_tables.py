"""Writes partitioned tables with Spark by S3A, which renames what a task has written; appends to them, reads, renames and
deletes them. The arguments are the jars, the endpoint, the region, the bucket, a role and its external ID; the
environment has the keys of a user who may assume it. Prints what came of it as JSON."""

import json
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

JARS, ENDPOINT, REGION, BUCKET, ROLE, EXTERNAL_ID = sys.argv[1:]
S3A = {
    "endpoint": ENDPOINT,
    "endpoint.region": REGION,
    "path.style.access": "true",
    "aws.credentials.provider": "org.apache.hadoop.fs.s3a.auth.AssumedRoleCredentialProvider",
    "assumed.role.credentials.provider": "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider",
    "assumed.role.arn": ROLE,
    "assumed.role.external.id": EXTERNAL_ID,
    "assumed.role.session.duration": "15m",
}


def session():
    builder = SparkSession.builder.master("local[2]").appName("tables")
    settings = {
        "spark.jars": JARS,
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": "warehouse",
        **{f"spark.hadoop.fs.s3a.{name}": value for name, value in S3A.items()},
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def main():
    spark = session()
    place = f"s3a://{BUCKET}/tables/days"
    rows = spark.range(30_000).withColumn("day", f.col("id") % 3).withColumn("text", f.sha2(f.col("id").cast("string"), 256))
    rows.write.partitionBy("day").parquet(place)
    rows.where("day = 1").write.mode("append").partitionBy("day").parquet(place)
    counts = [list(row) for row in spark.read.parquet(place).groupBy("day").count().orderBy("day").collect()]
    spark.read.parquet(place).where("day = 2").limit(10).write.mode("overwrite").option("header", True).csv(f"{place} csv")
    lines = spark.read.option("header", True).csv(f"{place} csv").count()
    hadoop = spark._jvm.org.apache.hadoop.fs
    path = hadoop.Path(place)
    files = path.getFileSystem(spark._jsc.hadoopConfiguration())
    renamed = files.rename(path, hadoop.Path(f"{place} renamed"))
    again = spark.read.parquet(f"{place} renamed").count()
    deleted = files.delete(hadoop.Path(f"s3a://{BUCKET}/tables"), True)
    print(json.dumps([counts, lines, renamed, again, deleted]))
    spark.stop()


main()
