# Stand-in for nixpkgs' makeBinaryWrapper: the same arguments, but the wrapper is a shell script.
makeWrapper() {
  local original=$1 wrapper=$2 flags=''
  shift 2
  [ -x "$original" ] || { echo "Cannot wrap '$original' because it is not an executable file" >&2; return 1; }
  mkdir -p "$(dirname "$wrapper")"
  echo '#!/bin/sh' > "$wrapper"
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix) printf 'export %s="%s${%s:+%s$%s}"\n' "$2" "$4" "$2" "$3" "$2" >> "$wrapper"; shift 4 ;;
      --suffix) printf 'export %s="${%s:+$%s%s}%s"\n' "$2" "$2" "$2" "$3" "$4" >> "$wrapper"; shift 4 ;;
      --unset) printf 'unset %s\n' "$2" >> "$wrapper"; shift 2 ;;
      --add-flags) flags="$flags $2"; shift 2 ;;
      *) echo "makeWrapper: the stand-in does not know $1" >&2; return 1 ;;
    esac
  done
  echo "exec $original$flags \"\$@\"" >> "$wrapper"
  chmod +x "$wrapper"
}

wrapProgram() {
  local program=$1 hidden
  hidden=$(dirname "$1")/.$(basename "$1")-wrapped
  shift
  mv "$program" "$hidden"
  makeWrapper "$hidden" "$program" "$@"
}
