"""``lc-guard verify``: plants values everywhere text hides, runs applications, and looks where the values came out."""
