<?php
/**
 * Registers meta, featured images and authors for synced contents.
 */

add_action(
	'init',
	static function () {
		add_theme_support( 'post-thumbnails' );
		add_post_type_support( 'book', array( 'thumbnail', 'author' ) );
		foreach ( array( 'post', 'book' ) as $type ) {
			foreach ( array( 'subtitle' => 'string', 'rating' => 'integer', 'words' => 'string' ) as $key => $value_type ) {
				register_post_meta( $type, $key, array( 'type' => $value_type, 'single' => 'words' !== $key, 'show_in_rest' => true ) );
			}
		}
	},
	20
);
