#!/bin/sh
# Every command explains itself, and its manual page tells of the same options.
. tests/lib.sh

# help COMMAND [SUBCOMMAND]: the help of a command and of all its subcommands.
help() {
    "$@" --help
    for sub in $("$@" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
        test "$sub" = help || help "$@" "$sub"
    done
}

# What every command has is told once, in the tour.
common() { grep -vxE -e '-h|--help|-V|--version' | sort -u; }

options_in_help() {
    help "$1" | sed -nE 's/^ +(-[A-Za-z0-9-].*)/\1/p' | sed -E 's/  .*//' |
        grep -oE -e '(^|[ ,])--?[A-Za-z0-9][A-Za-z0-9-]*' | tr -d ' ,' | common
}

options_in_page() {
    sed -n 's/^\.It //p' "$1" | grep -oE 'Fl [A-Za-z0-9-]+' | sed 's/^Fl /-/' | common
}

completions "$T/completions"

for folder in bins/*/; do
    command=$(basename "$folder")
    page=man/$command.1
    ok "$command --help" "$command" --help
    fails 64 "$command refuses an option it does not know" "$command" --no-such-option
    ok "$command has a manual page" test -f "$page"
    test -f "$page" || continue
    for section in NAME SYNOPSIS DESCRIPTION ENVIRONMENT FILES 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
        ok "$page has $section" grep -qx "\.Sh $section" "$page"
    done
    ok "$page has what every command has" \
        sh -c 'grep -qx ".It Fl h , Fl -help" "$0" && grep -qx ".It Fl V , Fl -version" "$0"' "$page"
    is "$page tells the options of $command --help" \
        "$(options_in_page "$page")" "$(options_in_help "$command")"
done

for manifest in bins/*/Cargo.toml; do
    command=$(basename "$(dirname "$manifest")")
    ok "$command has completions" test -f "$T/completions/fish/$command.fish"
done
for shell in bash zsh fish; do
    for file in "$T/completions/$shell"/*; do
        ok "$shell reads $(basename "$file")" "$shell" -n "$file"
    done
done

plan
