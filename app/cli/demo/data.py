"""What the demo city is made of. Places are rough points in the named subdistricts; people are invented."""

from __future__ import annotations

from dataclasses import dataclass

from app.places.hours import every_day

CITY = "3201"
PASSWORD = "fengxing-demo"  # noqa: S105 -- printed on the console for everybody; the demo holds nothing to protect


@dataclass(frozen=True, slots=True)
class DemoStation:
    """A station of the demo city."""

    name: str
    community: str
    address: str
    lat: float
    lng: float
    hours: list[list[list[str]]]
    facilities: tuple[str, ...]


ALL_DAY, LONG, OFFICE = every_day(), every_day("07:00", "23:00"), every_day("08:30", "20:30")
USUAL = ("water", "microwave", "charging", "rest")

STATIONS = (
    DemoStation(
        "梅园暖蜂驿站",
        "320102002001",
        "汉府街 1 号",
        32.0437,
        118.7986,
        ALL_DAY,
        (*USUAL, "toilet", "aircon", "first-aid"),
    ),
    DemoStation(
        "大行宫骑手驿站", "320102002002", "中山东路 301 号", 32.0419, 118.7942, LONG, (*USUAL, "toilet")
    ),
    DemoStation("新街口小蜂驿站", "320102003", "洪武北路 16 号", 32.0446, 118.7853, LONG, (*USUAL, "wifi")),
    DemoStation(
        "夫子庙驿站", "320104", "贡院街 88 号", 32.0206, 118.7884, ALL_DAY, (*USUAL, "toilet", "wifi")
    ),
    DemoStation("三山街驿站", "320104", "中华路 49 号", 32.0257, 118.7816, OFFICE, USUAL),
    DemoStation("河西奥体驿站", "320105", "江东中路 222 号", 32.0076, 118.7216, LONG, (*USUAL, "aircon")),
    DemoStation("莫愁湖驿站", "320105", "水西门大街 132 号", 32.0345, 118.7583, OFFICE, USUAL),
    DemoStation("湖南路驿站", "320106", "湖南路 18 号", 32.0683, 118.7761, LONG, (*USUAL, "toilet")),
    DemoStation("龙江驿站", "320106", "漓江路 3 号", 32.0702, 118.7438, OFFICE, USUAL),
    DemoStation("桥北驿站", "320111", "大桥北路 1 号", 32.1437, 118.7250, LONG, USUAL),
    DemoStation("仙林大学城驿站", "320113", "文苑路 9 号", 32.1020, 118.9213, ALL_DAY, (*USUAL, "wifi")),
    DemoStation(
        "雨花客厅驿站", "320114", "软件大道 109 号", 31.9770, 118.7660, LONG, (*USUAL, "aircon", "wifi")
    ),
    DemoStation("百家湖驿站", "320115", "双龙大道 1698 号", 31.9318, 118.8206, LONG, USUAL),
    DemoStation("六合雄州驿站", "320116", "延安路 57 号", 32.3450, 118.8320, OFFICE, USUAL),
)

STAFF = (  # username, name, role, "city" or the number of a station
    ("admin", "赵管理", "admin", "city"),
    ("admin2", "钱管理", "admin", "city"),
    ("department", "孙部门", "department", "city"),
    ("department2", "李部门", "department", "city"),
    ("rules", "周规则", "rule-editor", "city"),
    ("auditor", "吴审计", "auditor", "city"),
    ("reviewer", "郑评审", "reviewer", "city"),
    ("mediator", "王调解", "mediator", "city"),
    ("dispatcher", "冯调度", "dispatcher", "320102"),
    ("dispatcher2", "陈调度", "dispatcher", "city"),
    ("organiser", "褚组织", "organiser", "city"),
    ("station", "卫站长", "station-manager", 0),
    ("station2", "蒋站长", "station-manager", 3),
)

RIDERS = (  # nickname, name, occupation, platform, home community
    ("王师傅", "王小明", "food-delivery", "A", "320102002001"),
    ("老陈", "陈建国", "courier", "B", "320102002002"),
    ("小刘", "刘洋", "food-delivery", "C", "320102002001"),
    ("阿强", "欧阳志强", "same-city", None, "320102002005"),
    ("大李", "李晓东", "courier", "B", "320104"),
    ("张姐", "张丽华", "food-delivery", "A", "320104"),
    ("小周", "周凯", "ride-hail", None, "320105"),
    ("老吴", "吴永福", "courier", None, "320106"),
    ("小郑", "郑伟", "food-delivery", "C", "320113"),
    ("麦麦", "买买提·艾力", "food-delivery", "A", "320115"),
    ("小沈", "沈佳", "courier", "B", "320106"),
    ("老韩", "韩志刚", "food-delivery", None, "320111"),
)


def phone_of(number: int) -> str:
    """The phone number of the demo rider with this number, counted from 0."""
    return f"+861380000{101 + number:04d}"


REWARDS = (  # zh, en, kind, points, limit per rider and month, words zh, words en
    ("矿泉水", "Bottle of water", "goods", 20, 20, "一瓶 550 毫升，凉的热的都有。", "550 ml, cold or warm."),
    ("一次性雨衣", "Raincoat", "goods", 40, 4, "加厚，雨天骑车用。", "Thick, for riding in the rain."),
    (
        "骑行手套",
        "Riding gloves",
        "goods",
        120,
        2,
        "冬天防风，指尖可触屏。",
        "Wind-proof; the fingertips work on screens.",
    ),
    ("手机支架", "Phone holder", "goods", 160, 1, "可锁紧，防抖。", "Locks tight, damps shocks."),
    (
        "充电一小时",
        "One hour of charging",
        "service",
        30,
        None,
        "驿站换电柜或充电桩。",
        "At the station's charger.",
    ),
    ("3C 头盔", "Certified helmet", "goods", 400, 1, "国标认证，均码可调。", "Certified, adjustable."),
)

ACTIVITIES = (  # zh, en, category, community, place zh, words, days from now, start hour, hours, places
    (
        "清明桥路口文明劝导",
        "Crossing guide",
        "community",
        "320102002001",
        "汉府街路口",
        "站在路口提醒行人走斑马线，有志愿马甲和热水。",
        0,
        None,
        2,
        12,
    ),
    (
        "独居老人送餐",
        "Meals for elders",
        "care",
        "320102002002",
        "梅园社区食堂",
        "给 6 位老人送午饭，顺路看看家里水电气。",
        1,
        10,
        2,
        6,
    ),
    (
        "消防通道随手清",
        "Clear the fire lanes",
        "safety",
        "320102002005",
        "大影壁社区",
        "和网格员一起看一遍楼道和消防通道。",
        2,
        14,
        2,
        10,
    ),
    (
        "秋冬安全骑行课",
        "Riding safely in winter",
        "training",
        "320104",
        "夫子庙驿站",
        "交警讲结冰路面怎么骑，讲完发手套。",
        3,
        15,
        1,
        40,
    ),
    (
        "秦淮河边捡垃圾",
        "Clean the river bank",
        "environment",
        "320104",
        "东水关公园",
        "带上手套和夹子，捡完合个影。",
        5,
        9,
        2,
        20,
    ),
)

REPORTS = (  # category, words, place words
    ("pothole", "非机动车道有个坑，下雨看不见。", "中山东路 301 号门前"),
    ("manhole", "井盖翘起来了，压上去响。", "汉府街和长江路路口"),
    ("street-light", "连着三盏路灯不亮。", "梅园新村纪念馆北侧"),
    ("fire-lane", "消防通道被杂物堵住了。", "大影壁 12 号楼东单元"),
    ("flooding", "地下通道积水，电动车过不去。", "逸仙桥地下通道"),
    ("rubbish", "垃圾桶满了三天没清。", "太平北路公交站后面"),
    ("falling-risk", "广告牌松了，风一吹就晃。", "洪武北路 18 号楼上"),
    ("road-sign", "指路牌被树挡住了。", "龙蟠中路辅道"),
)
