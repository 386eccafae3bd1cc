"""How people write: the words by which commands, wishes and services are known. Data only.

All are lower case without signs; ``flows.understanding`` brings a text into that form. A phrase is
found when all its words are in the text, in any order.
"""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


SLANG: dict[str, str] = {
    # short forms
    "ilang": "hilang", "rusk": "rusak", "akte": "akta", "aktanya": "akta", "aktenya": "akta",
    "suket": "keterangan", "ket": "keterangan", "ktrgn": "keterangan", "srt": "surat",
    "yg": "yang", "yng": "yang", "dgn": "dengan", "utk": "untuk", "untk": "untuk", "krn": "karena",
    "brp": "berapa", "brapa": "berapa", "bs": "bisa", "blm": "belum", "blom": "belum",
    "belom": "belum", "sdh": "sudah", "udh": "sudah", "udah": "sudah", "dah": "sudah",
    "sy": "saya", "sya": "saya", "dmn": "dimana", "skrg": "sekarang", "skrng": "sekarang",
    "hr": "hari", "tgl": "tanggal", "bln": "bulan", "thn": "tahun", "th": "tahun", "jd": "jadi",
    "gmn": "bagaimana", "gmna": "bagaimana", "gimana": "bagaimana", "gmana": "bagaimana",
    "bgmn": "bagaimana", "cemana": "bagaimana", "camano": "bagaimana", "baa": "bagaimana",
    "pripun": "bagaimana", "pengen": "mau", "pingin": "mau", "pgn": "mau", "mw": "mau",
    "no": "nomor", "nmr": "nomor", "nomer": "nomor", "almt": "alamat",
    "dispen": "dispensasi", "domisli": "domisili", "domosili": "domisili",
    "legalisir": "legalisasi",
    "leges": "legalisasi", "kaka": "kakak", "ktpnya": "ktp", "kknya": "kk", "suratnya": "surat",
    "aq": "saya", "nomornya": "nomor", "pindahan": "pindah", "nikahan": "nikah",
    # no and not
    "gak": "tidak", "ga": "tidak", "gk": "tidak", "g": "tidak", "ndak": "tidak", "ndk": "tidak",
    "tak": "tidak", "tdk": "tidak", "nggak": "tidak", "ngga": "tidak", "ngak": "tidak",
    "enggak": "tidak", "engga": "tidak", "gx": "tidak", "indak": "tidak", "inda": "tidak",
    "mboten": "tidak", "ora": "tidak", "kagak": "tidak", "kaga": "tidak", "dak": "tidak",
    # Minang and Kuantan
    "ambo": "saya", "awak": "saya", "den": "saya", "apo": "apa", "iyo": "iya", "barapo": "berapa",
    "bara": "berapa", "caro": "cara", "caronyo": "cara", "syaratnyo": "syarat",
    "kapatang": "kemarin",
    "nio": "mau", "namuah": "mau", "alun": "belum", "olun": "belum", "surek": "surat",
    "bahaso": "bahasa", "satuju": "setuju", "batua": "betul", "salasai": "selesai",
    "uruih": "urus", "mauruih": "urus",
    # Javanese
    "kulo": "saya", "kula": "saya", "ajeng": "mau", "nggih": "iya", "inggih": "iya",
    "saget": "bisa", "saged": "bisa", "bade": "mau", "badhe": "mau", "punapa": "apa",
    "dereng": "belum", "sampun": "sudah", "sarujuk": "setuju", "nggeh": "iya", "enggih": "iya",
    "sios": "jadi", "estu": "jadi",
    "pinten": "berapa", "damel": "buat", "ngurusaken": "urus", "nopo": "apa", "napa": "apa",
}  # fmt: skip

ADDRESS = _set(
    """
    pak bapak bu ibu bpk ibuk buk bg bang abang kak kakak mas mbak uda uni dek adek om tante
    gan min admin kang teh bro sis cik wak punten permisi maaf
    """
)
"""How people call the one they write to; alone it is a greeting."""

FILLERS = ADDRESS | _set(
    """
    mohon tolong tlg please dong donk ya yaa ye sih kok deh nih ni aja saja kan lagi dulu itu
    ini si nah oh eh hmm mau ingin saya kami untuk dengan nya lah lho loh the a to want would
    like i my bisa boleh numpang izin ijin
    """
)
"""Words that say nothing of what is wanted."""

DOING = _set(
    """
    bikin bikinkan buat buatkan membuat urus ngurus mengurus uruskan ngurusin minta butuh
    perlu ajukan mengajukan cetak nyetak daftar proses tanya nanya bertanya soal tentang make
    need get
    """
)
GENERIC = _set(
    """
    surat keterangan rekomendasi izin kecamatan camat letter certificate of for
    """
)

SERVICES: dict[str, tuple[str, ...]] = {
    "pindah": (
        "pindah", "pindah domisili", "pindah alamat", "pindah penduduk", "pindah kk", "pindah ktp",
        "pindah datang", "pindah tempat tinggal", "skpwni", "mutasi penduduk", "moving", "move",
    ),
    "kk": (
        "kk", "kartu keluarga", "kk baru", "kk hilang", "kk rusak", "pecah kk", "pisah kk",
        "tambah kk", "ubah kk", "kk nikah", "tambah anggota keluarga", "tambah anak kk",
        "kk anak lahir", "kk meninggal", "family card",
    ),
    "ktp": (
        "ktp", "ektp", "e ktp", "ktp hilang", "ktp rusak", "ktp baru", "rekam ktp", "foto ktp",
        "perekaman", "kartu tanda penduduk", "kartu penduduk", "identity card", "id card",
    ),
    "akta_lahir": (
        "akta lahir", "akta kelahiran", "kelahiran", "akta anak", "bayi lahir", "anak lahir",
        "baru lahir", "lahiran", "birth",
    ),
    "akta_mati": (
        "akta mati", "akta kematian", "kematian", "meninggal", "meninggal dunia", "akta meninggal",
        "almarhum", "wafat", "death",
    ),
    "ahli_waris": ("ahli waris", "waris", "warisan", "meninggal waris", "kematian waris", "heir",
        "heirs", "inheritance"),
    "tanah": (
        "tanah", "skgr", "skt", "ganti rugi tanah", "jual beli tanah", "sporadik", "hibah tanah",
        "tanah waris", "kebun sawit", "land",
    ),
    "sktm": ("sktm", "tidak mampu", "kurang mampu", "miskin", "keluarga miskin", "poverty"),
    "domisili": (
        "domisili", "tempat tinggal", "tinggal sementara", "berdomisili", "skd", "residence",
        "domicile",
    ),
    "usaha": (
        "usaha", "sku", "domisili usaha", "tempat usaha", "iumk", "umkm", "warung", "dagang",
        "business",
    ),
    "keramaian": (
        "keramaian", "hajatan", "pesta", "pesta nikah", "hajatan nikah", "orgen tunggal",
        "organ tunggal", "orgen", "konser", "hiburan", "pacu jalur", "crowd", "event",
    ),
    "dispensasi_nikah": (
        "dispensasi", "dispensasi nikah", "nikah", "kawin", "menikah", "dispensasi kawin",
        "marriage",
    ),
    "skck": ("skck", "pengantar skck", "kelakuan baik", "catatan kepolisian", "police record"),
    "penelitian": ("penelitian", "riset", "skripsi", "penelitian skripsi", "kkn", "research"),
    "legalisasi": ("legalisasi", "legalisasi kk", "legalisasi ktp", "legalisasi tanah",
        "legalisasi akta", "cap basah", "fotokopi cap", "certified copy"),
    "pengantar": ("pengantar", "pengantar umum", "cover"),
    "nib": ("nib", "oss", "nomor induk berusaha"),
}  # fmt: skip
"""Phrases of every letter; a service's own titles are added to them."""

WEAK = frozenset({"pengantar", "cover"})
"""Alone they name a service, beside another one they say nothing."""

COMMANDS: dict[str, tuple[str, ...]] = {
    "menu": ("menu", "menu utama", "kembali ke menu", "daftar layanan", "layanan", "main menu"),
    "cancel": ("batal", "batalkan", "dibatalkan", "membatalkan", "tidak jadi",
        "cancel", "urungkan"),
    "back": ("kembali", "mundur", "sebelumnya", "pertanyaan sebelumnya", "back", "balik",
        "baliak", "wangsul", "mbalik"),
    "change": ("ubah", "ganti", "koreksi", "ralat", "perbaiki", "ubah jawaban", "ganti jawaban",
        "change", "correct", "rubah", "gantos"),
    "status": ("status", "cek status", "cek permohonan", "lihat status", "lacak", "track"),
    "officer": ("petugas", "operator", "bicara petugas", "bicara dengan petugas", "panggil petugas",
        "hubungi petugas", "tanya petugas", "bantuan petugas", "bantuan manusia",
        "person", "a person", "real person", "speak to someone", "talk to someone",
        "bicara ke petugas", "bicara orang", "bicara dengan orang", "officer", "human", "agent",
        "kecek ka petugas", "bakecek jo petugas", "matur petugas", "matur dhateng petugas"),
    "language": ("bahasa", "ganti bahasa", "ubah bahasa", "pilih bahasa", "language",
        "gantos basa"),
    "info": ("info", "informasi"),
    "schedule": ("jadwal", "jadwal kantor", "jam buka", "jam kerja", "jam kantor", "jam layanan",
        "schedule", "opening hours"),
    "suggestion": ("saran", "usul", "masukan", "kritik", "kritik saran", "suggestion"),
    "complaint": ("pengaduan", "aduan", "mengadu", "komplain", "keluhan", "complaint"),
    "data": ("dataku", "data saya", "lihat data saya", "my data"),
    "erase": ("hapus data", "hapus dataku", "hapus data saya", "delete data", "delete my data"),
    "link": ("hubungkan", "sambungkan", "hubungkan chat", "hubungkan nomor", "sambungkan nomor",
        "connect"),
    "part": ("pisahkan", "pisahkan chat", "pisahkan nomor", "disconnect"),
    "stop": ("stop", "berhenti", "berhenti langganan", "unsubscribe"),
    "start": ("mulai", "start"),
    "resume": ("lanjut", "lanjutkan", "teruskan", "melanjutkan", "continue", "resume",
        "lanjuik", "lanjuikkan", "taruihkan", "lajengaken", "dilajengaken"),
    "help": ("bantuan", "help", "tolong"),
}  # fmt: skip
"""The whole message must be one of these."""

LANGUAGES = {
    "indonesia": "id", "id": "id", "indonesian": "id", "inggris": "en", "english": "en",
    "en": "en", "ingris": "en", "jawa": "jv", "jawi": "jv", "jowo": "jv", "javanese": "jv",
    "minang": "min", "minangkabau": "min", "kuantan": "min", "melayu": "ms",
}  # fmt: skip

ASKING = (
    "syarat", "syaratnya", "persyaratan", "info", "informasi", "berapa", "biaya", "biayanya",
    "bayar", "ongkos", "gratis", "cara", "caranya", "bagaimana", "apa saja", "berkas apa",
    "berkasnya apa", "dokumen apa", "how", "requirements", "cost", "tarif",
)  # fmt: skip
WISHES: dict[str, tuple[str, ...]] = {
    "erase": ("hapus data", "delete data"),
    "data": ("data saya apa", "data saya disimpan"),
    "status": (
        "status", "sudah jadi", "belum jadi", "sudah selesai", "belum selesai", "kapan jadi",
        "kapan selesai", "sampai mana", "sampai dimana", "sudah siap", "sudah bisa diambil",
        "lacak", "cek permohonan", "is ready",
    ),
    "complaint": ("pengaduan", "komplain", "keluhan", "pungli", "mengadu", "adukan", "kecewa",
        "minta uang", "dimintai uang", "complaint"),
    "officer": (
        "petugas", "operator", "bicara orang", "bicara manusia", "ngomong orang", "hubungi kantor",
        "speak person", "speak someone", "talk someone", "real person", "help person",
        "telepon kantor", "nomor kantor", "talk person", "talk human", "talk officer",
    ),
    "suggestion": ("saran", "usul", "masukan", "suggestion"),
    "schedule": ("jadwal", "jam buka", "buka jam", "jam berapa", "hari buka", "kantor buka",
        "kantor tutup", "buka hari", "libur", "opening hours", "tutup jam"),
    "language": ("bahasa inggris", "bahasa indonesia", "in english", "pakai bahasa"),
    "services": ("layanan apa", "surat apa", "bisa urus apa", "services"),
}  # fmt: skip
"""Said anywhere in a sentence, where no answer is expected."""
STRONG = frozenset({"erase", "data", "status", "officer", "complaint"})
"""These are meant even when a service is named beside them: "kk saya sudah jadi belum"."""

GREETINGS = _set(
    """
    assalamualaikum asalamualaikum assalamualikum assalammualaikum assalam asalam askum aslm
    ass mikum kum wr wb warahmatullahi wabarakatuh samlekum waalaikumsalam halo hallo alo hai
    hay hey hei hi hello p ping pagi siang sore malam selamat met tes test shalom horas
    sugeng enjing enjang siyang sonten dalu salamaik
    sampurasun om swastiastu namaste kulonuwun nuwun sewu morning afternoon evening good there
    """
)
THANKS = _set(
    """
    terima terimakasih kasih makasih makasi mksh mksi mkasih trims trimakasih tks thx thanks
    thank you tq suwun nuwun matur maturnuwun tarimo banyak sip siap oke ok mantap
    alhamdulillah
    """
)
GRATEFUL = _set(
    """
    terima terimakasih makasih makasi mksh mksi mkasih trims trimakasih tks thx thanks thank
    tq suwun matur maturnuwun tarimo
    """
)

YES = _set(
    """
    ya y yes yo yup yap iya iy ho oho ok oke okay okey okeh betul benar bener btul setuju siap
    sip lanjut boleh cocok pas sesuai yoi hooh mau yoa enggeh leres sudah ada bisa sure
    correct right yep yeah agree true
    """
)
NO = _set(
    """
    tidak nomor n nope bukan belum jangan salah keliru moh emoh batal kurang never not wrong
    disagree false nda nay
    """
)
"""``no`` is read as nomor in a list, so it is here under that name."""

ORDINALS = {
    "pertama": 1,
    "partamo": 1,
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
}
LAST = frozenset({"terakhir", "last", "paling bawah"})
CHOOSING = _set(
    """
    nomor pilih pilihan opsi yang angka ke saya mau number option the nomornya pilihannya
    """
)
PAIRS = (
    ("yes", "no"),
    ("agree", "disagree"),
    ("send", "change"),
    ("understood", "change"),
    ("add", "enough"),
    ("start", ""),
    ("", "done"),
)
"""Buttons that a plain yes and a plain no mean where both are offered; some go by themselves."""

ABBREVIATED = {"tlk": "teluk", "pl": "pulau", "plu": "pulau", "p": "pulau", "sbrg": "seberang",
    "sebrang": "seberang", "sbr": "seberang", "kp": "kampung", "kmpg": "kampung", "kto": "koto",
    "lbk": "lubuk", "t": "teluk"}  # fmt: skip
