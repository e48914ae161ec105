function love.conf(t)
    t.identity = "stepwire-cursors"
    t.window.title = "Cursors"
    t.window.width, t.window.height = 480, 320
    t.modules.audio, t.modules.sound, t.modules.physics, t.modules.joystick, t.modules.video = false, false, false, false, false
end
