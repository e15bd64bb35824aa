"""Make the image textures of a Blender material tile, all of them together.

Install this file in Blender (Edit > Preferences > Add-ons > Install from Disk), start `internal-gan
app`, and press the button in the sidebar (N) of the shader editor. The texture at Base Color is the
photo; all others that lead to the output, such as roughness, normals and height, are changed at the
same places. The new images are packed into the .blend file, and the old ones stay in it.
"""

import io
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import bpy
import requests
from bpy.props import EnumProperty, StringProperty

bl_info = {
    "name": "Tileable material (internal-gan)",
    "blender": (4, 2, 0),
    "category": "Material",
    "location": "Shader Editor > Sidebar > internal-gan",
}


def textures(socket):
    """The image textures that lead to a socket, nearest first."""
    found, sockets = [], [socket]
    while sockets:
        for link in sockets.pop(0).links:
            if link.from_node.type == "TEX_IMAGE" and link.from_node.image:
                found.append(link.from_node)
            sockets += link.from_node.inputs
    return found


def maps(material):
    """All images of a material, that of the colours first; a ValueError if that is missing."""
    tree = material.node_tree
    nodes = [] if tree is None else [n for n in tree.nodes if n.type == "BSDF_PRINCIPLED"]
    colours = [found for node in nodes for found in textures(node.inputs["Base Color"])]
    if not colours:
        raise ValueError(f"{material.name}: no image texture leads to Base Color")
    output = tree.get_output_node("ALL")
    others = [found for socket in output.inputs for found in textures(socket)] if output else []
    return list(dict.fromkeys(node.image for node in colours[:1] + others))


def file_of(image):
    """The bytes of an image's file; of one that was painted or generated, those of a PNG file."""
    if image.packed_file and not image.is_dirty:
        return image.packed_file.data
    if image.source == "FILE" and not image.is_dirty:
        return Path(bpy.path.abspath(image.filepath, library=image.library)).read_bytes()
    if image.source not in ("FILE", "GENERATED"):
        raise ValueError(f"{image.name}: of the kind {image.source}; allowed: a single image")
    with tempfile.TemporaryDirectory() as folder:
        image.save(filepath=str(Path(folder, "image.png")), save_copy=True)
        return Path(folder, "image.png").read_bytes()


def tiled(images, server, token, axes):
    """Images made to tile together, each as the suffix and the bytes of its file."""
    files = [(f"{n} {image.name}", file_of(image)) for n, image in enumerate(images)]
    fields = [("image", files[0]), *(("layers", file) for file in files[1:])]
    address, headers = f"{server}/api/make_tileable", {"Authorization": f"Bearer {token}"}
    options = {"make_tileable.axes": axes}
    try:
        answer = requests.post(address, headers=headers, data=options, files=fields)
    except requests.ConnectionError as error:
        raise ValueError(f"{server}: no answer; is internal-gan app running there?") from error
    if not answer.ok:
        raise ValueError(answer.text)
    if len(images) == 1:
        return [(".png", answer.content)]
    found = {}
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        for path in map(PurePosixPath, archive.namelist()):
            number = int(path.parent.name.split()[0]) if "layers" in path.parts else 0
            found[number] = path.suffix, archive.read(str(path))
    return [found[number] for number in range(len(images))]


def put(image, suffix, data):
    """A new image, packed, with the colour space and alpha of another one."""
    name = f"{Path(image.name).stem} tileable"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name + suffix)
        path.write_bytes(data)
        made = bpy.data.images.load(str(path))
        made.pack()
    made.name, made.filepath_raw = name, f"//{name}{suffix}"
    made.colorspace_settings.name = image.colorspace_settings.name
    made.alpha_mode = image.alpha_mode
    image.use_fake_user = True
    return made


class Preferences(bpy.types.AddonPreferences):
    bl_idname = __name__
    server: StringProperty(name="Server", default="http://127.0.0.1:7860")
    token: StringProperty(name="Token", subtype="PASSWORD")

    def draw(self, context):
        self.layout.prop(self, "server")
        self.layout.prop(self, "token")


class MATERIAL_OT_tile(bpy.types.Operator):
    """Make all image textures of the material tile together; takes seconds to minutes"""

    bl_idname, bl_label, bl_options = "material.tile", "Make tileable", {"REGISTER", "UNDO"}
    axes: EnumProperty(name="Axes", items=[(one, one, "") for one in ("both", "x", "y")])

    @classmethod
    def poll(cls, context):
        return getattr(context.object, "active_material", None)

    def execute(self, context):
        material = context.object.active_material
        given = context.preferences.addons[__name__].preferences
        try:
            images = maps(material)
            made = tiled(images, given.server, given.token, self.axes)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for image, (suffix, data) in zip(images, made, strict=True):
            new = put(image, suffix, data)
            for node in material.node_tree.nodes:
                if node.type == "TEX_IMAGE" and node.image == image:
                    node.image = new
        return {"FINISHED"}


class NODE_PT_tile(bpy.types.Panel):
    bl_label, bl_category = "Tileable material", "internal-gan"
    bl_space_type, bl_region_type = "NODE_EDITOR", "UI"

    def draw(self, context):
        self.layout.operator("material.tile")


classes = Preferences, MATERIAL_OT_tile, NODE_PT_tile
register, unregister = bpy.utils.register_classes_factory(classes)
