"""All SQL lives here, behind one contract."""
