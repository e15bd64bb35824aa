"""Machine-readable marks say how a picture was made, in every format."""

from xml.etree import ElementTree

from internal_gan.images.files.marks import VOCABULARY, xmp
from internal_gan.version import __version__


def properties(packet: bytes) -> dict[str, str]:
    """The properties of an XMP packet by their qualified names."""
    (description,) = ElementTree.fromstring(packet).iter(
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    )
    return dict(description.attrib)


def test_a_packet_names_its_source_type_software_task_and_model() -> None:
    iptc = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
    found = properties(xmp("trainedAlgorithmicMedia", "sample", "singan"))
    assert found.pop(iptc + "DigitalSourceType") == VOCABULARY + "trainedAlgorithmicMedia"
    assert found.pop(iptc + "AISystemUsed") == "internal-gan"
    assert found.pop(iptc + "AISystemVersionUsed") == __version__
    assert found.pop("{http://ns.adobe.com/xap/1.0/}CreatorTool") == f"internal-gan {__version__}"
    assert found.pop("{urn:internal-gan:}task") == "sample"
    assert found.pop("{urn:internal-gan:}model") == "singan"
    assert list(found.values()) == [""], found


def test_a_mark_without_a_model_names_none() -> None:
    found = properties(xmp("compositeCapture", "sample", None))
    assert not [name for name in found if "model" in name or "AISystem" in name]
