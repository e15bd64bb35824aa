"""Machine-readable marks in picture files of how they were made: XMP, ISO 16684-1."""

from typing import Literal
from xml.sax.saxutils import quoteattr

from internal_gan.version import __version__

# Terms of IPTC's NewsCodes vocabulary "digital source type": made by a trained model; a picture
# changed by one; a composite of pieces taken by a camera.
SourceType = Literal[
    "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeCapture"
]
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
NAMESPACE = "urn:internal-gan:"
_PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:internal_gan="{NAMESPACE}"
    {entries}/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def xmp(source: SourceType, task: str, model: str | None) -> bytes:
    """The XMP packet of a picture: its digital source type, the software, the task and the model.

    The source type and the AI system are properties of IPTC's Photo Metadata Standard 2025.1.
    ``model`` is the family of the model that drew it; None if no model did.
    """
    entries = {
        "Iptc4xmpExt:DigitalSourceType": VOCABULARY + source,
        "xmp:CreatorTool": f"internal-gan {__version__}",
        "internal_gan:task": task,
    }
    if model is not None:
        entries["internal_gan:model"] = model
        entries["Iptc4xmpExt:AISystemUsed"] = "internal-gan"
        entries["Iptc4xmpExt:AISystemVersionUsed"] = __version__
    lines = (f"{name}={quoteattr(value)}" for name, value in entries.items())
    return _PACKET.format(NAMESPACE=NAMESPACE, entries="\n    ".join(lines)).encode()
