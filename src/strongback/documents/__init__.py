"""What a document is, whatever database keeps it and whatever protocol carries it."""
