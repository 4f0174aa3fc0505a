"""The command line: `haco predict photo.jpg --out results`, and its sisters."""

import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

import haco
from haco import cli_data, cli_grasp, cli_reconstruct, cli_train
from haco.arguments import Box, Folder, OptionalFolder, Paths, SideChoice, UsageError, Weights
from haco.cli_ablate import ablate
from haco.cli_compare import compare
from haco.cli_evaluate import calibrate, evaluate
from haco.cli_synth import synth
from haco.cli_video import video
from haco.files import InputError

# Nothing here may import torch before a command runs: `haco --help` must answer at once.

Checkpoint = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="CKPT")]
OutFile = Annotated[Path, tyro.conf.arg(metavar="FILE")]


def predict(
    paths: Paths = (),
    /,
    *,
    out: Folder,
    weights: Weights = "tiny",
    box: Box = None,
    side: SideChoice = None,
    device: str = "cpu",
    mano_dir: OptionalFolder = None,
) -> int:
    """Find the hands in pictures and say where each one touches.

    For a picture photo.jpg this writes photo.png (the picture with its hands marked, and each
    hand's palm and back coloured by contact), photo.json (sides, boxes, touch, parts), photo.npz
    (778 probabilities a hand) and photo_0.ply, photo_1.ply, ... (the hands in 3D).

    A picture without a hand is a result, not an error. Exit status: 0 when every picture was
    processed, 1 when some were not, 2 when the command itself is wrong.

    Examples:
    haco predict photo.jpg --out results
    haco predict holiday/ 'work/*.png' --out results
    haco predict photo.jpg --box 212 96 480 371 --side right --out results

    Args:
        paths: Pictures, folders of pictures, or globs (jpg, png, webp).
        out: Folder for the results; made if missing.
        weights: Weights that come with haco, by name; a file or folder; or owner/name on the hub.
        box: The hand's box in pixels of the one picture; no hands are then looked for.
        side: With --box: the side of that hand. Without: keep only hands of this side.
        device: Where to compute: cpu, cuda, mps.
        mano_dir: Folder of your MANO files, for weights that speak MANO's topology.
    """
    if not paths:
        raise UsageError("predict needs at least one picture, folder or glob")
    if box is not None and (len(paths) > 1 or any(Path(path).is_dir() for path in paths)):
        raise UsageError("--box goes with one picture; predict the others without it")
    from haco.apps.console import show_predictions
    from haco.apps.predictor import ContactPredictor

    predictor = ContactPredictor.load(weights, device, mano_dir=mano_dir)
    return show_predictions(predictor, paths, out, box=box, side=side)


def demo(
    photos: Paths = (),
    /,
    *,
    out: Folder = Path("out/demo"),
    set: Literal["easy", "full", "complete"] = "full",
    num: int = 6,
    seed: int = 1000,
    weights: Weights = "tiny",
) -> int:
    """See what haco does: made scenes with their truth, then your own photos.

    Draws scenes of hands with the picture engine, where every touch is known, predicts the
    contact from the picture alone, and puts truth and prediction side by side in one picture.
    Photos that you name are then predicted as `haco predict` does.

    Args:
        photos: Your own pictures, if you like.
        out: Folder for what is drawn.
        set: Picture set of the scenes: full (everything) or easy (plain background, few views).
        num: How many scenes.
        seed: Which scenes; the bundled weights were not trained on any seed from 1000 on.
        weights: Weights that come with haco, by name; a file or folder; or owner/name on the hub.
    """
    from haco.apps.demo import run_demo

    return run_demo(photos, out, picture_set=set, num=num, seed=seed, weights=weights)


def convert(
    checkpoint: Checkpoint,
    /,
    *,
    out: OutFile,
    backbone: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None,
    licence: str = "that of the source",
) -> int:
    """Turn a checkpoint released with HACO into a weights file of haco.

    The numbers stay as they are; every key and shape must fit. The new file says which network it
    is, how it treats its input, MANO's topology, the paper's threshold, and where it came from.

    Args:
        checkpoint: The .ckpt file; nothing in it is run.
        out: The .safetensors file to write.
        backbone: Name of its network; read off the keys if not given.
        licence: Licence of the weights, as their owner states it.
    """
    from haco.apps.convert import convert_command

    return convert_command(checkpoint, out, backbone=backbone, licence=licence)


def data(words: Annotated[tuple[str, ...], tyro.conf.Positional] = (), /) -> int:
    """Label, check, pack and audit datasets: haco data says how.

    Args:
        words: The command and its options.
    """
    return cli_data.run(list(words))


def export(
    weights: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME|FILE")] = "tiny",
    /,
    *,
    onnx: OutFile,
    int8: tyro.conf.FlagCreatePairsOff[bool] = False,
    data: str = "synthetic/easy",
    num: int = 200,
    root: OptionalFolder = None,
) -> int:
    """Write a network as ONNX, for onnxruntime on any machine.

    The batch size is free. The result is run beside the original on made hands, and kept only if
    they agree. With --int8 a second file, FILE-int8.onnx, has its matrices in eight bits, and what
    that costs is measured as average precision.

    Args:
        weights: Weights that come with haco, by name; a file or folder; or owner/name on the hub.
        onnx: The .onnx file to write.
        int8: Also write the network with 8-bit matrices.
        data: With --int8: the dataset to measure on.
        num: With --int8: how many hands, of made pictures.
        root: With --int8: folder that the dataset lies in; made pictures need none.
    """
    from haco.apps.export import export_command

    return export_command(weights, onnx, is_int8=int8, data=data, num=num, root=root)


def doctor() -> int:
    """Say what is installed, what is missing, and what that costs you."""
    from haco.apps.doctor import doctor_command

    return doctor_command()


COMMANDS: dict[str, Callable[..., int]] = {
    "demo": demo,
    "predict": predict,
    "video": video,
    "synth": synth,
    "train": cli_train.train,
    "evaluate": evaluate,
    "calibrate": calibrate,
    "convert": convert,
    "export": export,
    "data": data,
    "grasp": cli_grasp.grasp,
    "reconstruct": cli_reconstruct.reconstruct,
    "transfer": cli_grasp.transfer,
    "ablate": ablate,
    "compare": compare,
    "doctor": doctor,
}


def overview() -> str:
    """Say in a screenful what haco is and which commands it has."""
    lines = [
        f"haco {haco.__version__}: dense hand contact. Where does each hand in a picture touch?",
        "",
        "usage: haco COMMAND ...      haco COMMAND --help says more",
        "",
        *(
            f"  {name:<10}{(inspect.getdoc(command) or '').splitlines()[0]}"
            for name, command in COMMANDS.items()
        ),
        "",
        "Begin with:  haco demo       then:  haco predict photo.jpg --out results",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(overview())
        return 0 if words else 2
    if words[0] == "--version":
        print(f"haco {haco.__version__}")
        return 0
    if words[0] == "data" and words[1:] in ([], ["-h"], ["--help"]):
        print(cli_data.overview())
        return 0 if words[1:] else 2
    try:
        if words[0] == "data":
            return cli_data.run(words[1:])
        if words[0] == "train":
            return cli_train.run(words[1:])
        if words[0] == "grasp":
            return cli_grasp.run(words[1:])
        if words[0] == "reconstruct":
            return cli_reconstruct.run(words[1:])
        return tyro.extras.subcommand_cli_from_dict(COMMANDS, prog="haco", args=words)
    except UsageError as error:
        print(f"haco: {error}; see haco {words[0]} --help", file=sys.stderr)
        return 2
    except InputError as error:
        print(f"haco: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("haco: stopped; what was finished is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
