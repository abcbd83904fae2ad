<?php
/**
 * The page builder of a post.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Page builders show their own layout, which they keep in post meta, in place of the content of a post. Content that
 * is written to such a post is stored and never shown, or destroys the layout. So the content of such a post is read
 * only. The marks count whether or not the plugin of the builder is active: it shows its layout again as soon as it is.
 */
final class Sitebridge_Item_Builder {

	/**
	 * The builders by name: a meta key and the value with which the builder is switched on for the post. The builders
	 * that write such a switch come first, because their data may stay after it was switched off.
	 */
	const SWITCHES = array(
		'elementor'      => array( '_elementor_edit_mode', 'builder' ),
		'divi'           => array( '_et_pb_use_builder', 'on' ),
		'beaver_builder' => array( '_fl_builder_enabled', '1' ),
		'bricks'         => array( '_bricks_editor_mode', 'bricks' ),
	);

	/**
	 * The builders by name that have no switch: the meta keys of their layout, which count unless they are empty.
	 * Oxygen before version 4.8 writes its keys without the underscore, and since version 6 it is built on Breakdance.
	 */
	const LAYOUTS = array(
		'oxygen'     => array( 'ct_builder_json', '_ct_builder_json', 'ct_builder_shortcodes', '_ct_builder_shortcodes', '_oxygen_data' ),
		'breakdance' => array( '_breakdance_data' ),
	);

	/**
	 * A layout of Breakdance and of Oxygen 6 that was emptied.
	 */
	const EMPTY_TREE = '{"tree_json_string":""}';

	/**
	 * The builder of a post.
	 *
	 * @param int $post_id The post's id. The caches should hold its meta.
	 * @return string|null
	 */
	public static function of( $post_id ) {
		foreach ( self::SWITCHES as $builder => $mark ) {
			$value = get_post_meta( $post_id, $mark[0], true );
			if ( is_scalar( $value ) && (string) $value === $mark[1] ) {
				return $builder;
			}
		}
		foreach ( self::LAYOUTS as $builder => $keys ) {
			foreach ( $keys as $key ) {
				$layout = get_post_meta( $post_id, $key, true );
				if ( ! empty( $layout ) && self::EMPTY_TREE !== $layout ) {
					return $builder;
				}
			}
		}
		return null;
	}

	/**
	 * The meta keys of all marks.
	 *
	 * @return string[]
	 */
	public static function keys() {
		return array_merge( array_column( self::SWITCHES, 0 ), self::layout_keys() );
	}

	/**
	 * The meta keys of layouts. Their values are large, so a hash covers only that they are there.
	 *
	 * @return string[]
	 */
	public static function layout_keys() {
		return array_merge( ...array_values( self::LAYOUTS ) );
	}

	/**
	 * Takes the content out of a write to a post with a builder. The other fields are still written.
	 *
	 * @param array   $input The route's input.
	 * @param WP_Post $post  The post to update.
	 * @return array The input to write, and the notes, each with `code` and `message`.
	 */
	public static function without_content( array $input, WP_Post $post ) {
		$builder = isset( $input['content'] ) ? self::of( $post->ID ) : null;
		if ( null === $builder ) {
			return array( $input, array() );
		}
		$notes = $input['content'] === $post->post_content ? array() : array(
			array(
				'code'    => 'built_with_' . $builder,
				/* translators: %s: name of a page builder, such as elementor. */
				'message' => sprintf( __( 'The content was not written: a page builder (%s) shows its own layout of this post. Edit it there.', 'sitebridge-connector' ), $builder ),
			),
		);
		unset( $input['content'] );
		return array( $input, $notes );
	}
}
