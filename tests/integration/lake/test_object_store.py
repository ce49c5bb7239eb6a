"""The same lake in an object store, against a local S3 server."""

from __future__ import annotations

import multiprocessing
from itertools import count
from threading import Lock, Thread
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from polars.testing import assert_frame_equal
from werkzeug.serving import make_server

from contracts.lake_contract import BTC, LakeContract, OpenLake
from edgeproof.adapters.lake import DeltaLake, Unwritable
from edgeproof.domain.errors import Unreadable
from edgeproof.domain.frames import BARS
from edgeproof.domain.stores import Written
from edgeproof.domain.time import ONE_MINUTE
from fakes.lake_rows import bar_rows
from fakes.lake_workers import ROWS_PER_APPEND, write_bars

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.slow

BUCKET = "edgeproof-lake"
SPAWN = multiprocessing.get_context("spawn")
NUMBERS = count()


class AtomicPuts:
    """Answers one PUT at a time.

    A real store decides a conditional PUT in one step. The one here first looks and then writes, so that two writers
    could both be told that they were first.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._one_at_a_time = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "PUT":
            return self._app(environ, start_response)
        with self._one_at_a_time:
            return self._app(environ, start_response)


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """A running store with one bucket; gives the options that reach it."""
    app = AtomicPuts(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    options = {
        "aws_endpoint_url": f"http://127.0.0.1:{server.port}",
        "aws_access_key_id": "someone",
        "aws_secret_access_key": "secret",
        "aws_region": "us-east-1",
        "aws_allow_http": "true",
    }
    boto3.client(
        "s3",
        endpoint_url=options["aws_endpoint_url"],
        aws_access_key_id=options["aws_access_key_id"],
        aws_secret_access_key=options["aws_secret_access_key"],
        region_name=options["aws_region"],
    ).create_bucket(Bucket=BUCKET)
    yield options
    server.shutdown()
    server.server_close()


def name_lake() -> str:
    return f"s3://{BUCKET}/desk {next(NUMBERS)}"


class TestObjectStoreLake(LakeContract):
    @pytest.fixture
    def open_lake(self, s3: Mapping[str, str]) -> OpenLake:
        return lambda: DeltaLake(name_lake(), storage_options=s3)


def test_rows_in_a_store_outlive_the_object_that_wrote_them(s3: Mapping[str, str]) -> None:
    url = name_lake()
    DeltaLake(url, storage_options=s3).append(BARS, bar_rows(500))
    assert_frame_equal(DeltaLake(f"{url}/", storage_options=s3).bars(BTC, ONE_MINUTE), bar_rows(500))


@pytest.mark.parametrize("shared", [True, False])
def test_processes_that_write_to_a_store_at_once_lose_and_double_nothing(s3: dict[str, str], shared: bool) -> None:  # noqa: FBT001 - a parameter of the test
    url, writers, batches = name_lake(), 4, 5
    plans = [
        [ROWS_PER_APPEND * (at if shared else writers * at + nth) for at in range(batches)] for nth in range(writers)
    ]
    start, outcomes = SPAWN.Barrier(writers), SPAWN.Queue()
    processes = [SPAWN.Process(target=write_bars, args=(url, s3, plan, start, outcomes)) for plan in plans]
    for process in processes:
        process.start()
    told = [outcomes.get(timeout=300) for _ in processes]
    for process in processes:
        process.join(60)
    new = ROWS_PER_APPEND * batches * (1 if shared else writers)
    assert sum(told, Written()) == Written(new=new, already_there=ROWS_PER_APPEND * batches * writers - new)
    assert_frame_equal(DeltaLake(url, storage_options=s3).bars(BTC, ONE_MINUTE), bar_rows(new))


def test_a_bucket_that_is_not_there_is_told(s3: Mapping[str, str]) -> None:
    lake = DeltaLake("s3://no-such-bucket/desk", storage_options=s3)
    with pytest.raises((Unreadable, Unwritable), match=r"s3://no-such-bucket/desk/bars: .*; create the bucket"):
        lake.append(BARS, bar_rows(1))


def test_a_store_that_does_not_answer_is_told_without_its_keys(s3: Mapping[str, str]) -> None:
    nowhere = {**s3, "aws_endpoint_url": "http://127.0.0.1:9", "max_retries": "0"}
    with pytest.raises(Unreadable, match="check that the store is up at that address") as told:
        DeltaLake(name_lake(), storage_options=nowhere).holdings()
    assert s3["aws_secret_access_key"] not in str(told.value)
