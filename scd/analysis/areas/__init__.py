"""Areas of life: several outcomes of one client judged together, so that many areas don't make many false alarms."""
