"""The Hugging Face hub: fetching one file, with a plain word where that cannot be done."""

import socket
import urllib.parse
import urllib.request
from pathlib import Path

import huggingface_hub
import huggingface_hub.constants
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from haco.files import InputError


def fetch_file(repository: str, name: str, *, revision: str | None = None) -> Path:
    """Download a file from the hub, or find it in the cache of earlier downloads.

    Args:
        repository: `owner/name` on the hub.
        name: The file there.
        revision: Branch, tag or commit.

    Raises:
        InputError: No such repository, revision or file, no right to it, or no way to the hub.
    """
    try:
        found = huggingface_hub.hf_hub_download(
            repository, name, revision=revision, local_files_only=_is_offline()
        )
    except (OSError, EntryNotFoundError, HfHubHTTPError, HFValidationError) as error:
        raise InputError(f"{repository}: {_reason(error, name, revision)}") from error
    return Path(found)


def _is_offline() -> bool:
    """Tell whether the hub's name means nothing here; the library would retry for half a minute."""
    if urllib.request.getproxies():
        return False  # names are then the proxy's business
    try:
        socket.getaddrinfo(urllib.parse.urlsplit(huggingface_hub.constants.ENDPOINT).hostname, 443)
    except OSError:
        return True
    return False


def _reason(error: Exception, name: str, revision: str | None) -> str:
    match error:
        case LocalEntryNotFoundError():
            return (
                "cannot be fetched, no way to the Hugging Face hub from here; "
                f"download its {name} elsewhere and give the file"
            )
        case GatedRepoError():
            return "its owner lets in only those who asked; ask on its page, then `hf auth login`"
        case RepositoryNotFoundError():
            return (
                "no such place on the Hugging Face hub, nor a folder here; "
                "check the name, or `hf auth login` if it is private"
            )
        case RevisionNotFoundError():
            return f"has no revision '{revision}' on the Hugging Face hub; name another"
        case EntryNotFoundError():
            return f"has no {name} on the Hugging Face hub; it was not saved by haco"
    return (
        f"cannot be fetched from the Hugging Face hub ({type(error).__name__}); "
        f"download its {name} elsewhere and give the file"
    )


def upload_folder(repository: str, folder: Path, *, private: bool, message: str) -> str:
    """Put a folder's files on the hub, and give the address of their page.

    Args:
        repository: `owner/name`; made if missing.
        folder: The files.
        private: Whether a new repository is hidden from others.
        message: Of the commit.

    Raises:
        InputError: No way to the hub, nobody logged in, or no right to write there.
    """
    if _is_offline():
        raise InputError(f"{repository}: not uploaded, no way to the Hugging Face hub from here")
    api = huggingface_hub.HfApi()
    try:
        made = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(repo_id=made.repo_id, folder_path=folder, commit_message=message)
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise InputError(
            f"{repository}: not uploaded ({reason}); log in with `hf auth login`, "
            "and choose a name that you may write to"
        ) from error
    return str(made)
