"""What the run view is drawn from: outlines in columns, their level of detail, contexts of model calls. Built once, kept, bounded."""
