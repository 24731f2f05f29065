//! Error budgets: exact remainders, burn rates, alerts, forecasts.
