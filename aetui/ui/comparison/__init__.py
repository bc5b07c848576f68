"""Several runs on one chart, with what they differ in and what each reached."""
