"""Reports: papermill runs a template, and one self-contained page comes out, or none."""
