# Stand-in for nixpkgs' installShellFiles: what we call of it, to the same places.
installManPage() {
  local page
  for page in "$@"; do
    install -D --mode=644 "$page" "$out/share/man/man${page##*.}/$(basename "$page")"
  done
}

installShellCompletion() {
  [ "$1" = --cmd ] || { echo "installShellCompletion: stand-in wants --cmd first" >&2; return 1; }
  local command=$2 file
  shift 2
  for file in "$@"; do
    [ -s "$file" ] || { echo "installShellCompletion: $file does not exist or is empty" >&2; return 1; }
    case $file in
      *.bash) install -D --mode=644 "$file" "$out/share/bash-completion/completions/$command.bash" ;;
      *.zsh) install -D --mode=644 "$file" "$out/share/zsh/site-functions/_$command" ;;
      *.fish) install -D --mode=644 "$file" "$out/share/fish/vendor_completions.d/$command.fish" ;;
      *) echo "installShellCompletion: unknown shell for path: $file" >&2; return 1 ;;
    esac
  done
}
