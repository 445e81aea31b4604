"""The subcommands of ``lc-guard``: each module adds its parser and runs it. Importing one loads nothing heavy."""
