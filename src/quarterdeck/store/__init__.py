"""Storage as small abilities: `interface` has the protocols, each engine a folder. Only a composition root names an engine."""
