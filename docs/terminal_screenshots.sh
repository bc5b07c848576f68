#!/bin/sh
# Makes docs/screenshots/pictures-*.png from real terminals under a virtual screen: the newest run in ./runs.
# Needs Xvfb, xterm, kitty, tmux, xdotool and ImageMagick. Usage: docs/terminal_screenshots.sh, with aetui on PATH.
set -e
out=$(dirname "$0")/screenshots
export DISPLAY=:79 COLORTERM=truecolor LIBGL_ALWAYS_SOFTWARE=1
Xvfb :79 -screen 0 1300x860x24 >/dev/null 2>&1 &
screen=$!
trap 'kill $screen' EXIT
sleep 1

in_xterm() {
    xterm -ti vt340 -xrm 'XTerm*numColorRegisters: 256' -fa 'DejaVu Sans Mono' -fs 10 -geometry 140x40 -e sh -c "$1" &
    sleep 6
}
press() { for key; do xdotool key "$key"; sleep 2; done; }
shoot() {
    import -window "$(xdotool search --class "$2" | tail -1)" png:- | convert - -colors 96 "PNG8:$out/$1"
    press q
}

in_xterm 'COLORTERM=truecolor aetui watch'
press e
shoot pictures-xterm-sixel.png xterm
in_xterm "tmux -L doc -f /dev/null new-session 'COLORTERM=truecolor TERM=screen-256color aetui watch'"
press e z z
shoot pictures-tmux-half-blocks.png xterm
kitty --config NONE -o font_size=9 -o initial_window_width=140c -o initial_window_height=40c \
    -o remember_window_size=no aetui watch &
sleep 8
press w
shoot pictures-kitty.png kitty
