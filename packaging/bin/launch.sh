# Runs a program under the Node it was tested with. The files beside this one read it, one per program: the name of the file is the
# name of the program. A shell, because `exec` leaves one process: signals, exit code and the terminal are the program's own, and
# no other Node need be there. See docs/decisions/0011-packaging.md.

self=$(readlink -f -- "$0")
program=${self##*/}
root=${self%/packaging/bin/*}

# `platform` in src/main/exit-codes.ts.
refuse() {
  printf '%s: %s\n' "$program" "$1" >&2
  exit 10
}

case $(uname -s) in
  Linux | Darwin) ;;
  *) refuse 'This system is not supported. Use Linux; on Windows, WSL is one.' ;;
esac

# A checkout runs its sources, a package what was emitted from them.
entry=$root/src/main/$program.ts
[ -f "$entry" ] || entry=$root/dist/main/$program.js
first=${entry%/*}/own-modules.${entry##*.} # says where modules of ours are, and starts take less

# The nearest package "node", as Node itself would look for it: below this package, or beside it.
node=
folder=$root
while [ -z "$node" ] && [ -n "$folder" ]; do
  if [ -f "$folder/node_modules/node/package.json" ]; then
    node=$folder/node_modules/node/bin/node
  fi
  folder=${folder%/*}
done

# Where that package's install script was not allowed to run, a Node on the path that is new enough will do.
if [ ! -x "$node" ]; then
  wanted=$(sed -n 's/^ *"node": "\([0-9]*\)\..*/\1/p' "$root/package.json")
  node=$(command -v node) && found=$("$node" --version) || found=v0
  found=${found#v}
  [ "${found%%.*}" -ge "$wanted" ] || refuse "Node.js $wanted is not here. It comes as the package \"node\", whose install \
script has not run. Allow it and install again: npm install -g --allow-scripts=node, or in a project \
\"allowScripts\": { \"node\": true } in its package.json; in a checkout npm ci. Or put Node.js $wanted on the PATH."
fi

# What a person can paste to run this program again.
MYCELIUM_INVOKED_AS=$0
if on_path=$(command -v "$program") && [ "$(readlink -f -- "$on_path")" = "$self" ]; then
  MYCELIUM_INVOKED_AS=$program
fi
export MYCELIUM_INVOKED_AS

# Disk calls wait in libuv's threads: 4, its default, are too few for 14 nodes.
export UV_THREADPOOL_SIZE="${UV_THREADPOOL_SIZE:-32}"

# Memory that is free goes back: four arenas of glibc's for all threads, for many keep what each has freed, and for one they wait; large buffers in
# maps of their own; a little stays at hand, for fresh pages cost more than what is done in them. Most objects of a server live shortly: a small young
# generation will do. And in a checkout what Node makes of the sources is kept, or every thread would have the compiler in memory.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-4}"
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-131072}"
export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-16777216}"
case $entry in
  *.ts)
    export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$root/node_modules/.cache/compile}"
    set -- --disable-warning=ExperimentalWarning "$entry" "$@" # of stripping types for browsers
    ;;
  *) set -- "$entry" "$@" ;;
esac

exec "$node" --max-semi-space-size=8 --require "$first" "$@"
