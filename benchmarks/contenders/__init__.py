"""What the desk is compared with; each is a program of its own: ``python -m … --port --api``."""

from __future__ import annotations

import argparse

TOKEN = "100:standin"
SECRET = "webhook-secret"
PATH = "/telegram/webhook"

# What the conversations say, made once: these contenders need no template engine.
GROUPS = ["kependudukan", "keluarga"]
SERVICES = ["domisili", "kk"]
VILLAGES = [f"20{number:02}" for number in range(1, 15)]
GREETING = "Selamat datang di Kecamatan Gunung Toar.\n\nBapak/Ibu mau mengurus apa?"
CHOOSE = "Silakan pilih suratnya."
CONSENT = (
    "<b>Surat keterangan domisili</b>\n\nSiapkan dulu:\n• KTP\n• Kartu keluarga\n• Surat pengantar"
    " desa\n\nBiaya: gratis\nSelesai: 1 hari kerja\n\nApakah Bapak/Ibu setuju?"
)
NAME = "Siapa nama lengkap Bapak/Ibu, seperti di KTP?\nContoh: <i>Siti Aminah</i>"
NIK = "Berapa NIK Bapak/Ibu? 16 angka, di bagian atas KTP.\nContoh: <code>1409…</code>"
WRONG = "Belum benar: NIK ada 16 angka, yang ini {count}.\n\n" + NIK
BORN_AT = "Di mana Bapak/Ibu lahir?\nContoh: <i>Teluk Kuantan</i>"
BORN_ON = "Kapan Bapak/Ibu lahir? Tulis tanggal, bulan, dan tahun."
VILLAGE = "Bapak/Ibu tinggal di desa mana?"
ADDRESS = "Apa alamat rumah Bapak/Ibu? Tulis jalan atau dusun, dengan RT dan RW."
SINCE = "Sejak kapan Bapak/Ibu tinggal di alamat itu?\nContoh: <i>tahun 2015</i>"
SURE = "Batalkan permohonan Surat keterangan domisili?"
KEPT = "Baik, kita lanjutkan.\n\n" + SINCE


def arguments() -> argparse.Namespace:
    """Read where to listen and where the Bot API is."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api", required=True)
    parser.add_argument("--data", default="")
    return parser.parse_args()
