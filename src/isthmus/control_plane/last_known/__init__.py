"""What was last known of remote clusters, kept so that a control plane that starts without them can serve it."""
