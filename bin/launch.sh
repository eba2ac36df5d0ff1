#!/bin/sh
# Runs a program of src/main under the Node of the `node` package: the machine's own may be too old, or missing.
# Takes the program's name and its arguments.
here=$(dirname "$(readlink -f "$0")")
program=$1
shift
# Beside us in a checkout; beside the package where it is installed.
for modules in "$here/../node_modules" "$here/../.."; do
  if [ -x "$modules/node/bin/node" ]; then
    exec "$modules/node/bin/node" "$here/../src/main/$program.ts" "$@"
  fi
done
echo "$program: the package \"node\" is not installed. Run: npm run setup" >&2
exit 1
