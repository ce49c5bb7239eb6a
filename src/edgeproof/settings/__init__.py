"""What the owner chose: ``edgeproof.toml`` and the environment, read once into frozen typed objects.

Every key can also come from the environment: ``[costs] taker`` is ``EDGEPROOF_COSTS__TAKER``. The environment wins.
The commented file that ``edgeproof init`` writes is made from the classes of this package, so it cannot disagree with
them.
"""

from typing import Final

from edgeproof.settings.costs import CostSettings, RegimeSettings
from edgeproof.settings.errors import SCHEMA_VERSION, NewerWorkspace, SettingsError
from edgeproof.settings.exchange import ExchangeSettings
from edgeproof.settings.reading import Settings, read_settings, render_settings
from edgeproof.settings.sections import ComputeSettings, DataSettings, LakeSettings, LedgerSettings, ResearchSettings

SETTINGS_FILE: Final = "edgeproof.toml"

__all__ = [
    "SCHEMA_VERSION",
    "SETTINGS_FILE",
    "ComputeSettings",
    "CostSettings",
    "DataSettings",
    "ExchangeSettings",
    "LakeSettings",
    "LedgerSettings",
    "NewerWorkspace",
    "RegimeSettings",
    "ResearchSettings",
    "Settings",
    "SettingsError",
    "read_settings",
    "render_settings",
]
