"""Reads and writes tables in a bucket with the libraries that do so, each by temporary keys of its own finding or from
the environment. The standard output is one JSON object of what came of each library."""

import json
import os

import duckdb
import obstore
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
from deltalake import DeltaTable, write_deltalake
from obstore.store import S3Store
from pyarrow.fs import FileSelector, S3FileSystem
from pyiceberg.catalog.sql import SqlCatalog

ENDPOINT = os.environ["ENDPOINT"]
BUCKET = os.environ["BUCKET"]
REGION = os.environ["AWS_DEFAULT_REGION"]
KEYS = [os.environ[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")]
TABLE = pa.table({"id": list(range(1000)), "name": [f"row {number}" for number in range(1000)]})


def pyarrow_dataset():
    access_key, secret_key, session_token = KEYS
    files = S3FileSystem(
        access_key=access_key,
        secret_key=secret_key,
        session_token=session_token,
        region=REGION,
        endpoint_override=ENDPOINT,
    )
    root = f"{BUCKET}/arrow"
    pyarrow.parquet.write_to_dataset(TABLE, root, filesystem=files)
    rows = pyarrow.dataset.dataset(root, filesystem=files).count_rows()
    with files.open_output_stream(f"{root}/stream") as stream:
        stream.write(b"x" * 6 * 1024 * 1024)
    files.copy_file(f"{root}/stream", f"{root}/copy")
    sizes = {info.base_name: info.size for info in files.get_file_info(FileSelector(root)) if info.base_name == "copy"}
    files.delete_file(f"{root}/copy")
    return [rows, sizes]


def iceberg():
    access_key, secret_key, session_token = KEYS
    catalog = SqlCatalog(
        "local",
        uri="sqlite:///iceberg.db",
        warehouse=f"s3://{BUCKET}/iceberg",
        **{
            "s3.endpoint": ENDPOINT,
            "s3.region": REGION,
            "s3.access-key-id": access_key,
            "s3.secret-access-key": secret_key,
            "s3.session-token": session_token,
        },
    )
    catalog.create_namespace("lake")
    table = catalog.create_table("lake.rows", schema=TABLE.schema)
    table.append(TABLE)
    table.append(TABLE)
    table.delete("id < 10")
    return table.scan().to_arrow().num_rows


def object_store():
    store = S3Store(BUCKET, prefix="obstore", endpoint=ENDPOINT, region=REGION, client_options={"allow_http": True})
    obstore.put(store, "a", b"x" * 6 * 1024 * 1024)
    obstore.copy(store, "a", "b")
    obstore.rename(store, "b", "c")
    obstore.put(store, "d", b"new", mode="create")
    try:
        obstore.put(store, "d", b"again", mode="create")
        again = "overwritten"
    except Exception as error:
        again = type(error).__name__
    listed = sorted(entry["path"] for page in obstore.list(store) for entry in page)
    obstore.delete(store, listed)
    return [listed, again]


def delta():
    options = {"AWS_ENDPOINT_URL": ENDPOINT, "AWS_ALLOW_HTTP": "true", "AWS_REGION": REGION}
    place = f"s3://{BUCKET}/delta"
    for _ in range(3):
        write_deltalake(place, TABLE, mode="append", storage_options=options)
    table = DeltaTable(place, storage_options=options)
    table.optimize.compact()
    return [table.version(), table.to_pyarrow_table().num_rows]


def duck():
    import duckdb_extensions

    connection = duckdb.connect()
    for extension in ("httpfs", "aws"):
        duckdb_extensions.import_extension(extension)
        connection.load_extension(extension)
    host = ENDPOINT.split("//")[1]
    connection.execute(
        f"CREATE SECRET (TYPE s3, PROVIDER config, KEY_ID '{KEYS[0]}', SECRET '{KEYS[1]}', SESSION_TOKEN '{KEYS[2]}', "
        f"ENDPOINT '{host}', USE_SSL false, URL_STYLE 'path', REGION '{REGION}')"
    )
    connection.execute(f"COPY (SELECT range AS id, range % 3 AS part FROM range(900)) TO 's3://{BUCKET}/duck' (FORMAT parquet, PARTITION_BY part)")
    return connection.execute(f"SELECT count(*), sum(id)::BIGINT FROM 's3://{BUCKET}/duck/*/*.parquet'").fetchone()


def main():
    steps = {"PyArrow": pyarrow_dataset, "PyIceberg": iceberg, "obstore": object_store, "delta-rs": delta, "DuckDB": duck}
    print(json.dumps({name: step() for name, step in steps.items()}))


main()
