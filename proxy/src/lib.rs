//! The gateway between the app and the model providers.
