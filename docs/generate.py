#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes manual pages and shell completions.

generate.py page SCDOC SOURCE OUT [PROGRAM]    a page; with PROGRAM, @VERBS@ becomes its verbs
generate.py completions PROGRAM FOLDER         FOLDER/NAME (bash), _NAME (zsh), NAME.fish

The programs describe themselves with --dump-cli: a tree of {name, description, options, verbs}.
"""

import json
import pathlib
import subprocess
import sys


def dump_cli(program):
    return json.loads(subprocess.run([program, "--dump-cli"], check=True, capture_output=True).stdout)


def nodes(tree, path=()):
    """(words, node) of every node below the root, parents first"""
    for verb in tree["verbs"]:
        here = (*path, verb["name"])
        yield here, verb
        yield from nodes(verb, here)


def flags(node):
    """the options of a node that start with a dash: lists of spellings"""
    for option in node["options"]:
        names = [name for name in option["name"].split(",") if name.startswith("-")]
        if names and not option["positional"]:
            yield names, option


def first_sentence(text):
    return text.split("\n")[0].rstrip(".")


# --- manual pages ---------------------------------------------------------------------------------


def verb_table(tree):
    lines = []
    for words, node in nodes(tree):
        if not node["verbs"]:
            lines.append(f"*{' '.join(words)}*\n\t{first_sentence(node['description'])}\n")
    return "\n".join(lines) if lines else "None."


def page(scdoc, source, out, program=None):
    text = pathlib.Path(source).read_text(encoding="utf-8")
    if program:
        text = text.replace("@VERBS@", verb_table(dump_cli(program)))
    # the date of a page is no fact about it
    done = subprocess.run([scdoc], input=text.encode(), capture_output=True, check=False,
                          env={"SOURCE_DATE_EPOCH": "0", "PATH": "/usr/bin:/bin"})
    if done.returncode != 0:
        sys.exit(f"{source}: {done.stderr.decode()}")
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(out).write_bytes(done.stdout)


# --- completions ----------------------------------------------------------------------------------


def words_at(tree):
    """"" or "image list" -> (subverbs, option spellings) that may follow"""
    table = {"": ([v["name"] for v in tree["verbs"]], [n for ns, _ in flags(tree) for n in ns])}
    for words, node in nodes(tree):
        table[" ".join(words)] = ([v["name"] for v in node["verbs"]],
                                  [n for names, _ in flags(node) for n in names])
    return table


def bash(name, tree):
    function = "_" + name.replace("-", "_")
    cases = "\n".join(f'    "{key}") verbs="{" ".join(verbs)}" options="{" ".join(options)}" ;;'
                      for key, (verbs, options) in words_at(tree).items())
    known = "|".join(f'"{key}"' for key in words_at(tree) if key)
    return f"""# bash completion for {name}; made from {name} --dump-cli
{function}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} path= verbs= options= word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{path:+$path }}$word" in
      {known or '"-"'}) path="${{path:+$path }}$word" ;;
    esac
  done
  case $path in
{cases}
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -n $verbs ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -F {function} {name}
"""


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def zsh(name, tree):
    def plain(text):
        return first_sentence(text).replace("[", "(").replace("]", ")").replace(":", " -")

    lines = [f"#compdef {name}", f"# made from {name} --dump-cli", "local path_ word", "path_=''",
             "for word in ${words[2,CURRENT-1]}; do", '  case "${path_:+$path_ }$word" in']
    known = [f'"{" ".join(words)}"' for words, _ in nodes(tree)]
    lines += [f'    {"|".join(known) or chr(34) * 2}) path_="${{path_:+$path_ }}$word" ;;', "  esac",
              "done", "case $path_ in"]
    for words, node in [((), tree), *nodes(tree)]:
        lines.append(f'  "{" ".join(words)}")')
        verbs = [quoted(f"{v['name']}:{plain(v['description'])}") for v in node["verbs"]]
        options = [quoted(f"{n}:{plain(o['description'])}") for ns, o in flags(node) for n in ns]
        lines.append(f"    local -a verbs=({' '.join(verbs)}) options=({' '.join(options)})")
        lines.append("    ;;")
    lines += ["esac", 'if [[ $words[CURRENT] == -* ]]; then', "  _describe option options",
              "elif (( ${#verbs} )); then", "  _describe verb verbs", "else", "  _files", "fi", ""]
    return "\n".join(lines)


def fish(name, tree):
    lines = [f"# made from {name} --dump-cli"]
    for words, node in [((), tree), *nodes(tree)]:
        condition = " && ".join(f"__fish_seen_subcommand_from {word}" for word in words)
        below = " ".join(v["name"] for v in node["verbs"])
        if below:
            lower = f"not __fish_seen_subcommand_from {below}"
            condition = f"{condition} && {lower}" if condition else lower
        head = f"complete -c {name} -n {quoted(condition or 'true')}"
        for verb in node["verbs"]:
            lines.append(f"{head} -f -a {verb['name']} -d "
                         f"{quoted(first_sentence(verb['description']))}")
        for names, option in flags(node):
            spelled = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in names)
            lines.append(f"{head} {spelled}{' -r' if option['value'] else ''} -d "
                         f"{quoted(first_sentence(option['description']))}")
    return "\n".join(lines) + "\n"


def completions(program, folder):
    tree, folder = dump_cli(program), pathlib.Path(folder)
    name = tree["name"]
    folder.mkdir(parents=True, exist_ok=True)
    for file, make in ((name, bash), (f"_{name}", zsh), (f"{name}.fish", fish)):
        (folder / file).write_text(make(name, tree), encoding="utf-8")


if __name__ == "__main__":
    {"page": page, "completions": completions}[sys.argv[1]](*sys.argv[2:])
