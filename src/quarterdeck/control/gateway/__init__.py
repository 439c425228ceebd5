"""The gateway: official SDKs on one side, a provider on the other, admission in between."""
