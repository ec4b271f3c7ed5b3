"""XML as far as socialnet-packet(5) "What of XML is used" lets it in, and its writing.

expat parses; what it would let pass is looked for here. Namespaces are resolved here too, since the page counts their
declarations as attributes and limits them, which expat's own resolution hides.
"""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from .values import Refused

_NAME = r"[A-Za-z_][A-Za-z0-9._-]*"
_QNAME = re.compile(f"(?:({_NAME}):)?({_NAME})")
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_NAMESPACE = re.compile(r"[!#$%()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_TAG = re.compile(rb"<[^ \t\n/>]+[ \t\n]*")
_ATTRIBUTE = re.compile(rb"""([^ \t\n=]+)[ \t\n]*=[ \t\n]*(?:"([^"]*)"|'([^']*)')[ \t\n]*""")
_XML = "http://www.w3.org/XML/1998/namespace"


@dataclass
class Element:
    """An element with what is in it."""

    namespace: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    """Those without prefix."""
    foreign: bool = False
    """Whether it has attributes with a prefix."""
    children: list["Element"] = field(default_factory=list)
    text: str = ""
    """All text directly in it."""
    blank: bool = True
    """Whether that text is nothing but white space, as it is and not as references."""

    def all(self, name: str) -> list["Element"]:
        """The children of this name in the element's own namespace."""
        return [child for child in self.children if (child.namespace, child.name) == (self.namespace, name)]

    def first(self, name: str) -> "Element | None":
        return next(iter(self.all(name)), None)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.root: Element | None = None
        self.open: list[Element] = []
        self.scopes: list[dict[str, str]] = [{"xml": _XML}]
        self.declared = [0]
        self.elements = 0
        self.parser = expat.ParserCreate("UTF-8")
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.XmlDeclHandler = self.refuse("an XML declaration")
        self.parser.StartDoctypeDeclHandler = self.refuse("a DTD")
        self.parser.ProcessingInstructionHandler = self.refuse("a processing instruction")
        self.parser.CommentHandler = self.refuse("a comment")
        self.parser.StartCdataSectionHandler = self.refuse("a CDATA section")

    @staticmethod
    def refuse(what: str):  # type: ignore[no-untyped-def]
        def handler(*_: object) -> None:
            raise Refused(what)

        return handler

    def parse(self) -> Element:
        try:
            self.parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise Refused(f"not well-formed XML: {error}") from None
        assert self.root is not None
        return self.root

    def start(self, name: str, flat: list[str]) -> None:
        pairs = list(zip(flat[::2], flat[1::2]))
        self.elements += 1
        if len(self.open) == 16:
            raise Refused("more than 16 elements within each other")
        if self.elements > 16384:
            raise Refused("more than 16384 elements")
        if len(pairs) > 32:
            raise Refused("more than 32 attributes")
        scope, declarations = self.declarations(pairs)
        self.scopes.append(scope)
        self.declared.append(self.declared[-1] + declarations)
        if self.declared[-1] > 64:
            raise Refused("more than 64 namespace declarations in force")
        element = Element(*self.resolve(name, scope, scope.get("", "")))
        seen = set()
        for key, value in pairs:
            clean(value)
            if key == "xmlns" or key.startswith("xmlns:"):
                continue
            namespace, local = self.resolve(key, scope, "")
            if (namespace, local) in seen:
                raise Refused(f"attribute {key} twice")
            seen.add((namespace, local))
            if namespace:
                element.foreign = True
            else:
                element.attributes[local] = value
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def declarations(self, pairs: list[tuple[str, str]]) -> tuple[dict[str, str], int]:
        """What prefixes mean from here on, and how many declarations there are. Values are looked at as they are
        written: expat has resolved references, and has made spaces of TAB and LF."""
        tag = _TAG.match(self.data, self.parser.CurrentByteIndex)
        assert tag is not None
        position = tag.end()
        written = {}
        for _ in pairs:
            match = _ATTRIBUTE.match(self.data, position)
            assert match is not None
            written[match[1].decode()] = match[2] if match[2] is not None else match[3]
            position = match.end()
        scope, count = self.scopes[-1], 0
        for key, raw in written.items():
            if b"\t" in raw or b"\n" in raw:
                raise Refused(f"a TAB or line feed in {key}")
            prefix = "" if key == "xmlns" else key.removeprefix("xmlns:") if key.startswith("xmlns:") else None
            if prefix is None:
                continue
            value, count = raw.decode(), count + 1
            if not _NAMESPACE.fullmatch(value) and (value or prefix):
                raise Refused(f"namespace declaration {key}")
            if prefix == "xmlns" or (prefix == "xml") != (value == _XML):
                raise Refused(f"namespace declaration {key}")
            scope = scope | {prefix: value}
        return scope, count

    @staticmethod
    def resolve(name: str, scope: dict[str, str], default: str) -> tuple[str, str]:
        match = _QNAME.fullmatch(name)
        if not match:
            raise Refused(f"the name {name!r}")
        prefix, local = match[1], match[2]
        if prefix is None:
            return default, local
        if prefix not in scope:
            raise Refused(f"prefix {prefix} is not declared")
        return scope[prefix], local

    def end(self, _: str) -> None:
        self.open.pop()
        self.scopes.pop()
        self.declared.pop()

    def characters(self, text: str) -> None:
        clean(text)
        element = self.open[-1]
        element.text += text
        reference = self.data[self.parser.CurrentByteIndex] == ord("&")
        if reference or text.strip(" \t\n"):
            element.blank = False


def clean(text: str) -> None:
    """No control characters, however they were written."""
    if _FORBIDDEN.search(text):
        raise Refused("a control character")


def parse(data: bytes, most: int) -> Element:
    """The one element that `data`, of at most `most` bytes, is."""
    if len(data) > most:
        raise Refused(f"more than {most} bytes")
    try:
        clean(data.decode())
    except UnicodeDecodeError:
        raise Refused("not UTF-8") from None
    if not data.startswith(b"<") or not data.endswith(b">"):
        raise Refused("something around the element")
    return _Reader(data).parse()


_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_ATTRIBUTE = _IN_TEXT | str.maketrans({'"': "&quot;", "'": "&apos;", "\t": "&#9;", "\n": "&#10;"})


def write(element: Element, inherited: str = "", level: int = 0) -> str:
    """The canonical form: two spaces a level, elements with text and empty ones on one line, nothing at the end."""
    declaration = "" if element.namespace == inherited else f' xmlns="{element.namespace}"'
    attributes = "".join(f' {name}="{value.translate(_IN_ATTRIBUTE)}"' for name, value in element.attributes.items())
    start = "  " * level + f"<{element.name}{declaration}{attributes}"
    if element.children:
        inner = "".join(write(child, element.namespace, level + 1) + "\n" for child in element.children)
        return f"{start}>\n{inner}{'  ' * level}</{element.name}>"
    if element.text or level == 0:
        return f"{start}>{element.text.translate(_IN_TEXT)}</{element.name}>"
    return f"{start}/>"
