#!/usr/bin/python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""What Doxygen reads instead of a header: the lists that the compiler expands are written out.

- An enumeration made from an X-macro list gets its enumerators, each with the text of its entry.
- A struct that is declared in one place and defined in another is put into one piece, because
  Doxygen knows such a struct by its tag only, which is not the name that anybody uses.
- MN_SERVICE_DECLARE becomes the types and functions that it declares, with their documentation.

usage: filter.py HEADER               the filtered header, on standard output
       filter.py --prototypes HEADER  only the prototypes, for the test that the compiler agrees
"""

import pathlib
import re
import sys

LIST = re.compile(r"^#define (\w+)\(X\)((?:.*\\\n)*.*\n)", re.MULTILINE)
ENUM_USE = re.compile(r"^( *)(\w+)\((MN__\w+_ENUM)\)$", re.MULTILINE)
STRUCT = re.compile(r"^struct (\w+) \{$(.*?)^\};$", re.MULTILINE | re.DOTALL)
FORWARD = re.compile(r"^typedef struct (\w+) \1_t;\n", re.MULTILINE)
SERVICE_USE = re.compile(r"^MN_SERVICE_DECLARE\((\w+)\)$", re.MULTILINE)

# (result, what follows the service's name, parameters, documentation). In the latter two, {n} is
# the name, {req} and so on are the message types.
TYPES = [
    ("client", "A client. Zero-initialise it; it belongs to the calling task."),
    ("call", "One of several calls of a client under way at a time. Zero-initialise it."),
    ("server", "The service with one queue for all its clients. Zero-initialise it."),
    ("request", "A slot of the queue: the request in its `body`, behind the envelope `request`."),
    ("listener", "What makes the service known. Zero-initialise it."),
    ("handshake", "A client that the service is about to accept or reject. Zero-initialise it."),
    ("requests", "A queue of requests. Set up with ::{n}_requests_init."),
]

SELF_CLIENT = "@param[in,out] self the client\n"
SELF_SERVER = "@param[in,out] self the service\n"
REGISTRY = "@param[in,out] registry where the service is, or will be\n"
TASK = "@param[in,out] task the calling task\n"
HELLO = "@param[in] hello what the service is told before it accepts\n"
TOLD = "@retval MN_OK the client has it\n@retval MN_ECLOSED nobody wants the answer any more\n@task_only"
ANSWERS = ("@retval MN_OK answered\n"
           "@retval MN_EFAILED answered with an error\n"
           "@retval MN_EDROPPED the service discarded the request\n"
           "@retval MN_EDEAD the service has gone, or the client is not connected\n"
           "@retval MN_PENDING not yet\n@task_only @may_wait")
CONNECTS = ("@retval MN_OK connected\n"
            "@retval MN_EREJECTED refused: see ::{n}_rejection\n"
            "@retval MN_EDEAD the service went meanwhile\n"
            "@retval MN_ETYPE other message types are registered under this UUID\n")

FUNCTIONS = [
    ("mn_status_t", "connect",
     "{n}_client_t *self, mn_registry_t *registry, mn_task_t *task, const {hello} *hello",
     "Connect, waiting for the service to appear and to accept.\n"
     + SELF_CLIENT + REGISTRY + TASK + HELLO + CONNECTS
     + "@retval MN_ENOTFOUND it is not there, and the registry is full\n"
       "@retval MN_PENDING not yet\n@task_only @may_wait"),
    ("mn_status_t", "try_connect",
     "{n}_client_t *self, mn_registry_t *registry, mn_task_t *task, const {hello} *hello",
     "Connect to a service that is there now.\n"
     + SELF_CLIENT + REGISTRY + TASK + HELLO + CONNECTS
     + "@retval MN_ENOTFOUND it is not there\n"
       "@retval MN_PENDING the service has not answered yet\n@task_only @may_wait"),
    ("mn_status_t", "call",
     "{n}_client_t *self, mn_task_t *task, const {req} *body",
     "Send a request, waiting for room, and wait for the answer: ::{n}_response or ::{n}_error.\n"
     + SELF_CLIENT + TASK + "@param[in] body the request; copied when there is room\n" + ANSWERS),
    ("mn_status_t", "call_with",
     "{n}_client_t *self, {n}_call_t *call, mn_task_t *task, const {req} *body",
     "::{n}_call with a call of its own, so that several are under way: the answer is in its "
     "`reply.response` or `reply.error`. Withdraw with ::mn_call_cancel.\n"
     + SELF_CLIENT + "@param[in,out] call idle at the first call\n" + TASK
     + "@param[in] body the request; copied when there is room\n" + ANSWERS),
    ("const {resp} *", "response", "const {n}_client_t *self",
     "The answer of the last call.\n@param[in] self the client\n@return valid until the next call"
     "\n@task_only"),
    ("const {err} *", "error", "const {n}_client_t *self",
     "The error that answered the last call.\n@param[in] self the client\n"
     "@return valid until the next call\n@task_only"),
    ("const {reason} *", "rejection", "const {n}_client_t *self",
     "Why the service refused the connection.\n@param[in] self the client\n"
     "@return valid until the next attempt\n@task_only"),
    ("void", "cancel", "{n}_client_t *self",
     "Withdraw the call of ::{n}_call. The service is not told.\n" + SELF_CLIENT + "@task_only"),
    ("void", "disconnect", "{n}_client_t *self",
     "Disconnect, from whatever state; calls under way are canceled.\n" + SELF_CLIENT
     + "@task_only"),
    ("mn_status_t", "serve",
     "{n}_server_t *self, mn_registry_t *registry, {n}_request_t *slots, uint16_t count",
     "Register the service.\n" + SELF_SERVER + "@param[in,out] registry where\n"
     "@param[in] slots the queue's memory, as long as the service is there\n"
     "@param[in] count number of slots, at least 1\n@retval MN_OK registered\n"
     "@retval MN_EEXISTS there is a service with this UUID\n"
     "@retval MN_EFULL the registry is full\n@task_only or before the first tick"),
    ("mn_status_t", "next", "{n}_server_t *self, mn_task_t *task, {n}_request_t **request",
     "Accept clients, and wait for a request.\n" + SELF_SERVER + TASK
     + "@param[out] request to be answered, failed or discarded, once\n@retval MN_OK a request\n"
       "@retval MN_ECLOSED the service was closed\n@retval MN_PENDING not yet\n"
       "@task_only @may_wait"),
    ("mn_status_t", "reply", "{n}_request_t *request, const {resp} *response",
     "Answer a request, and free its slot.\n@param[in,out] request taken and not answered\n"
     "@param[in] response copied\n" + TOLD),
    ("mn_status_t", "fail", "{n}_request_t *request, const {err} *error",
     "Answer a request with an error, and free its slot.\n"
     "@param[in,out] request taken and not answered\n@param[in] error copied\n" + TOLD),
    ("void", "discard", "{n}_request_t *request",
     "Answer nothing, and free the slot: the client gets ::MN_EDROPPED.\n"
     "@param[in,out] request taken and not answered\n@task_only"),
    ("void", "close", "{n}_server_t *self",
     "The service goes: it is no longer found, and its clients get ::MN_EDEAD.\n" + SELF_SERVER
     + "@task_only"),
    ("mn_status_t", "listen", "{n}_listener_t *self, mn_registry_t *registry",
     "Register a service that looks at each client before it accepts it.\n"
     "@param[in,out] self the listener\n@param[in,out] registry where\n@retval MN_OK registered\n"
     "@retval MN_EEXISTS there is a service with this UUID\n"
     "@retval MN_EFULL the registry is full\n@task_only or before the first tick"),
    ("mn_status_t", "next_handshake",
     "{n}_listener_t *self, mn_task_t *task, {n}_handshake_t *handshake",
     "Wait for a client.\n@param[in,out] self the listener\n" + TASK
     + "@param[in,out] handshake answered, or never used\n@retval MN_OK a client says hello\n"
       "@retval MN_ECLOSED the listener was closed\n@retval MN_PENDING not yet\n"
       "@task_only @may_wait"),
    ("const {hello} *", "hello", "const {n}_handshake_t *handshake",
     "What the client said.\n@param[in] handshake not answered\n"
     "@return NULL if the client has gone\n@task_only"),
    ("mn_status_t", "accept", "{n}_handshake_t *handshake, {n}_requests_t *requests",
     "Accept the client.\n@param[in,out] handshake not answered\n"
     "@param[in,out] requests the queue for its requests\n@retval MN_OK it is connected\n"
     "@retval MN_ECANCELED it has gone\n@task_only"),
    ("mn_status_t", "reject", "{n}_handshake_t *handshake, const {reason} *reason",
     "Refuse the client.\n@param[in,out] handshake not answered\n@param[in] reason copied\n"
     "@retval MN_OK it has been told\n@retval MN_ECANCELED it has gone\n@task_only"),
    ("void", "requests_init", "{n}_requests_t *self, {n}_request_t *slots, uint16_t count",
     "Make an empty queue.\n@param[out] self the queue\n"
     "@param[in] slots its memory, as long as it is used\n"
     "@param[in] count number of slots, at least 1\n@task_only or before the first tick"),
    ("mn_status_t", "next_request",
     "{n}_requests_t *self, mn_task_t *task, {n}_request_t **request",
     "Wait for a request of one queue.\n@param[in,out] self the queue\n" + TASK
     + "@param[out] request to be answered, failed or discarded, once\n@retval MN_OK a request\n"
       "@retval MN_ECLOSED the queue was closed\n@retval MN_PENDING not yet\n"
       "@task_only @may_wait"),
]


def split_arguments(text):
    """The arguments of a macro call, of which `text` is what follows its opening parenthesis."""
    arguments, depth, quoted, start = [], 0, False, 0
    for at, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char == "(":
            depth += 1
        elif char == ")" and depth == 0:
            return arguments + [text[start:at].strip()], at + 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth == 0:
            arguments.append(text[start:at].strip())
            start = at + 1
    raise SystemExit("filter.py: a list entry without an end")


def lists(source):
    """The X-macro lists that a header defines: name to entries, each a list of arguments."""
    found = {}
    for name, body in LIST.findall(source):
        body = body.replace("\\\n", " ")
        entries = []
        at = body.find("X(")
        while at >= 0:
            arguments, used = split_arguments(body[at + 2:])
            entries.append(arguments)
            at = body.find("X(", at + 2 + used)
        if entries:
            found[name] = entries
    return found


def enumerators(entries, indent):
    lines = []
    for entry in entries:
        texts = [argument.strip('"') for argument in entry if argument.startswith('"')]
        lines.append(f"{indent}{entry[0]} = {entry[1]}, ///< {', '.join(texts)}")
    return "\n".join(lines)


def names_of(entry):
    name, _, _, request, response, error, hello, reason = entry
    return {"n": name, "req": request, "resp": response, "err": error, "hello": hello,
            "reason": reason}


def prototype(function, names):
    result, verb, parameters, _ = function
    text = f"static inline {result} {{n}}_{verb}({parameters});".format(**names)
    return text.replace("* ", "*") if result.endswith("*") else text


def comment(text, names):
    return "\n".join("/// " + line for line in text.format(**names).split("\n"))


def service(entry):
    names = names_of(entry)
    out = [f"/// @brief The description of the service, {entry[1].strip(chr(34))}.",
           f"extern const mn_service_t {names['n']}_service;",
           f"/// @name Types and functions of the service {names['n']}",
           "/// Declared by ::MN_SERVICE_DECLARE; see @ref service.", "/// @{", ""]
    for kind, text in TYPES:
        out.append(comment("@brief " + text, names))
        out.append(f"typedef struct {names['n']}_{kind} {names['n']}_{kind}_t;")
    for function in FUNCTIONS:
        out.append(comment("@brief " + function[3], names))
        out.append(prototype(function, names))
    return "\n".join(out + ["/// @}"])


def defined_structs(folder):
    """The structs that some header of the folder defines without a typedef."""
    found = set()
    for header in folder.glob("*.h"):
        found.update(name for name, _ in STRUCT.findall(header.read_text(encoding="utf-8")))
    return found


def filtered(source, folder):
    known = lists(source)
    defined = defined_structs(folder)
    source = FORWARD.sub(lambda use: "" if use[1] in defined else use[0], source)
    source = STRUCT.sub(r"typedef struct \1 {\2} \1_t;", source)
    source = ENUM_USE.sub(lambda use: enumerators(known[use[2]], use[1]), source)
    return SERVICE_USE.sub(lambda use: service(known[use[1]][0]), source)


def prototypes(source):
    known = lists(source)
    for use in SERVICE_USE.finditer(source):
        names = names_of(known[use[1]][0])
        for function in FUNCTIONS:
            yield prototype(function, names)


def main():
    only_prototypes = sys.argv[1] == "--prototypes"
    header = pathlib.Path(sys.argv[-1])
    source = header.read_text(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    if only_prototypes:
        print("\n".join(prototypes(source)))
    else:
        print(filtered(source, header.parent), end="")


if __name__ == "__main__":
    main()
