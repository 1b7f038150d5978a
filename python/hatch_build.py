"""What the wheel says and holds: the extension of each DuckDB that `make release` built it for."""

import os
import pathlib
import re
import sysconfig
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / "build" / "release"


def built() -> list[str]:
    """The versions of DuckDB that there is an extension for, oldest first."""
    versions = [folder.name.removeprefix("v") for folder in RELEASE.glob("v*")]
    if not versions:
        raise SystemExit(f"no extension below {RELEASE}: run `make release` first")
    return sorted(versions, key=lambda version: [int(part) for part in version.split(".")])


class Metadata(MetadataHookInterface):
    """The version of the extension, and the DuckDB that it works in."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fills in what is dynamic."""
        manifest = (ROOT / "Cargo.toml").read_text()
        [version] = re.findall(r'^version = "(.+)"', manifest, re.MULTILINE)[:1]
        metadata["version"] = version
        metadata["dependencies"] = [f"duckdb>={built()[0]},<={built()[-1]}"]


class Wheel(BuildHookInterface):
    """A wheel for one platform and any Python, since the extension knows DuckDB and not Python."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the extensions, one folder each."""
        tag = os.environ.get("DUCKSPAN_WHEEL_PLATFORM", sysconfig.get_platform())
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{re.sub(r'[-.]', '_', tag)}"
        name = "duckspan.duckdb_extension"
        for duckdb in built():
            [file] = (RELEASE / f"v{duckdb}").glob(f"*/{name}")
            build_data["force_include"][str(file)] = f"duckspan/extensions/v{duckdb}/{name}"
