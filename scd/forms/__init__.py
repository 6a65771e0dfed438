"""Pages a clinician fills in: client and measures, plan, sessions, effect. The only room that knows ipywidgets."""
