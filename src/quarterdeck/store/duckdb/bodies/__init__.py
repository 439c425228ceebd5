"""Long texts of raw spans, apart from the spans: each stored as what it adds to an earlier text of the same session.

What for: agents resend their history on every call. Refuses to share a text between sessions, so that dropping one
can hurt no other (docs/design/bodies.md).
"""
