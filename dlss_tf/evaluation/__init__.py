"""What the paper reports: metrics, traditional methods, Table 2."""
