"""All runs in a table: sorted, looked for, grouped, marked to be compared, labelled, deleted."""
