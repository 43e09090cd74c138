"""Use leveraged tokens from Python: over web3.py, without compiler, checkout or ape.

Amounts: `int` is chain units, `str` and `Decimal` are people's units, and a float is refused.
Every failure is a `SteelyardError` that says what to do: what a contract says a `ProtocolError`,
what goes wrong between us and a node a `ChainError`.
"""

from steelyard.chain import ChainError, KeySigner, Signer
from steelyard.sdk.amounts import parse_amount, to_decimal
from steelyard.sdk.client import Steelyard
from steelyard.sdk.collateral import Amount, Collateral
from steelyard.sdk.connection import Connection
from steelyard.sdk.errors import (
    AccountFlagged,
    AddressError,
    AllowanceTooLow,
    AmountError,
    AmountOutOfRange,
    AmountTooLarge,
    AmountTooSmall,
    BadReceiver,
    CapReached,
    FaucetLimit,
    InsufficientBalance,
    MintClosed,
    MintOutOfBand,
    MintPaused,
    NoSigner,
    NotDeployed,
    OracleInvalid,
    PermitInvalid,
    PermitUnavailable,
    ProtocolError,
    RebalanceNotDue,
    RebalanceRefused,
    RedeemBlocked,
    RewardTooSmall,
    SdkError,
    SlippageExceeded,
    TokenWindingDown,
    TokenWiped,
    UnknownToken,
    VenuePaused,
    VenueRefuses,
    protocol_error,
)
from steelyard.sdk.flows import (
    FlowFigures,
    FlowReceipt,
    Preview,
    RebalanceReceipt,
    TxReceipt,
)
from steelyard.sdk.history import AccountHistory, ChainReorganised, History, HistoryError
from steelyard.sdk.market import MarketInfo, readable
from steelyard.sdk.permits import Permit
from steelyard.sdk.states import HolderState, TokenState
from steelyard.sdk.token import SLIPPAGE_BPS, Token

__all__ = [
    "SLIPPAGE_BPS",
    "AccountFlagged",
    "AccountHistory",
    "AddressError",
    "AllowanceTooLow",
    "Amount",
    "AmountError",
    "AmountOutOfRange",
    "AmountTooLarge",
    "AmountTooSmall",
    "BadReceiver",
    "CapReached",
    "ChainError",
    "ChainReorganised",
    "Collateral",
    "Connection",
    "FaucetLimit",
    "FlowFigures",
    "FlowReceipt",
    "History",
    "HistoryError",
    "HolderState",
    "InsufficientBalance",
    "KeySigner",
    "MarketInfo",
    "MintClosed",
    "MintOutOfBand",
    "MintPaused",
    "NoSigner",
    "NotDeployed",
    "OracleInvalid",
    "Permit",
    "PermitInvalid",
    "PermitUnavailable",
    "Preview",
    "ProtocolError",
    "RebalanceNotDue",
    "RebalanceReceipt",
    "RebalanceRefused",
    "RedeemBlocked",
    "RewardTooSmall",
    "SdkError",
    "Signer",
    "SlippageExceeded",
    "Steelyard",
    "Token",
    "TokenState",
    "TokenWindingDown",
    "TokenWiped",
    "TxReceipt",
    "UnknownToken",
    "VenuePaused",
    "VenueRefuses",
    "parse_amount",
    "protocol_error",
    "readable",
    "to_decimal",
]
