<?php
/**
 * Saves one post for the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * One save. The post itself is written by the REST controller of its type, so that rights, filters, slashes,
 * dates and hooks are those of any other edit; terms, meta and featured image are set here, as the
 * controller would give up at the first that is refused, with the post half saved.
 */
final class Sitebridge_Item_Save {

	/**
	 * Reads and writes meta.
	 *
	 * @var Sitebridge_Item_Fields
	 */
	private $fields;

	/**
	 * What the route was given.
	 *
	 * @var array
	 */
	private $input;

	/**
	 * Writes posts of the type.
	 *
	 * @var WP_REST_Posts_Controller
	 */
	private $controller;

	/**
	 * What the controller is asked.
	 *
	 * @var WP_REST_Request
	 */
	private $request;

	/**
	 * The post, as soon as there is one.
	 *
	 * @var WP_Post|null
	 */
	private $post;

	/**
	 * The guid of a post that is to be made; null for an update.
	 *
	 * @var string|null
	 */
	private $guid = null;

	/**
	 * The terms that it is to have, once they are needed: they are made only when nothing else is refused.
	 *
	 * @var Sitebridge_Item_Terms|null
	 */
	private $terms = null;

	/**
	 * Whether the post was completed.
	 *
	 * @var bool
	 */
	private $finished = false;

	/**
	 * What could not be done, each with `code` and `message`.
	 *
	 * @var array[]
	 */
	private $notes = array();

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Item_Fields $fields Reads and writes meta.
	 * @param array                  $input  What the route was given; what is absent stays as it is.
	 * @param WP_Post|null           $post   The post that is to be updated.
	 */
	public function __construct( Sitebridge_Item_Fields $fields, array $input, $post ) {
		$controller       = get_post_type_object( $input['type'] )->get_rest_controller();
		$this->fields     = $fields;
		$this->input      = $input;
		$this->post       = $post;
		$this->controller = $controller instanceof WP_REST_Posts_Controller ? $controller : new WP_REST_Posts_Controller( $input['type'] );
		$this->request    = self::request( $input, $post );
	}

	/**
	 * Whether the user may save it so.
	 *
	 * @return true|WP_Error
	 */
	public function check_permission() {
		$allowed = null === $this->post ? $this->controller->create_item_permissions_check( $this->request ) : $this->controller->update_item_permissions_check( $this->request );
		if ( true === $allowed || is_wp_error( $allowed ) ) {
			return $allowed;
		}

		return new WP_Error( 'rest_forbidden', __( 'The user that requests act as may not do this.', 'sitebridge-connector' ), array( 'status' => 403 ) );
	}

	/**
	 * Makes the post.
	 *
	 * @param string $guid Its guid, written with it.
	 * @return true|WP_Error
	 */
	public function create( $guid ) {
		$this->guid = $guid;

		return $this->run( array( $this->controller, 'create_item' ) );
	}

	/**
	 * Updates the post.
	 *
	 * @return true|WP_Error
	 */
	public function update() {
		return $this->run( array( $this->controller, 'update_item' ) );
	}

	/**
	 * The post as it was when it was saved.
	 *
	 * @return WP_Post|null
	 */
	public function post() {
		return $this->post;
	}

	/**
	 * What could not be done.
	 *
	 * @return array[]
	 */
	public function notes() {
		return $this->notes;
	}

	/**
	 * Completes what the controller has prepared. A filter.
	 *
	 * @param stdClass|WP_Error $prepared What is to be saved.
	 * @param WP_REST_Request   $request  What the controller was asked.
	 * @return stdClass|WP_Error
	 */
	public function prepare( $prepared, $request ) {
		if ( $request === $this->request && null !== $this->guid && ! is_wp_error( $prepared ) ) {
			$prepared->guid = $this->guid;
			// Core reads these two of a draft with a slug, and logs a warning where they are missing.
			$prepared->id          = 0;
			$prepared->post_parent = isset( $prepared->post_parent ) ? $prepared->post_parent : 0;
			$categories            = isset( $this->input['terms'] ) ? $this->terms()->assignable( 'category' ) : array();
			if ( array() !== $categories ) {
				// Else it would first get the default category, only to lose it again.
				$prepared->post_category = $categories;
			}
		}

		return $prepared;
	}

	/**
	 * Completes the post, before WordPress tells others that it is saved. An action.
	 *
	 * @param WP_Post         $post    The post.
	 * @param WP_REST_Request $request What the controller was asked.
	 */
	public function finish( $post, $request ) {
		if ( $request !== $this->request || $this->finished ) {
			return;
		}
		$this->finished = true;
		$this->post     = $post;
		if ( isset( $this->input['terms'] ) ) {
			$this->notes = $this->terms()->set( $post );
		}
		if ( isset( $this->input['meta'] ) ) {
			$this->set_meta( $this->input['meta'] );
		}
		if ( isset( $this->input['featured_media'] ) ) {
			$this->set_picture( $this->input['featured_media'] );
		}
	}

	/**
	 * Has the controller save the post.
	 *
	 * @param callable $controller Its method.
	 * @return true|WP_Error
	 */
	private function run( $controller ) {
		$type = $this->input['type'];
		add_filter( "rest_pre_insert_{$type}", array( $this, 'prepare' ), 10, 2 );
		add_action( "rest_insert_{$type}", array( $this, 'finish' ), 1, 2 );
		try {
			$answer = call_user_func( $controller, $this->request );
		} finally {
			remove_filter( "rest_pre_insert_{$type}", array( $this, 'prepare' ) );
			remove_action( "rest_insert_{$type}", array( $this, 'finish' ), 1 );
		}
		if ( is_wp_error( $answer ) ) {
			return $answer;
		}
		$data = $answer->get_data();
		$post = isset( $data['id'] ) ? get_post( $data['id'] ) : null;
		if ( ! $post instanceof WP_Post ) {
			return new WP_Error( 'sitebridge_not_saved', __( 'WordPress did not save the post.', 'sitebridge-connector' ), array( 'status' => 500 ) );
		}
		// For a controller that leaves the action out.
		$this->finish( $post, $this->request );

		return true;
	}

	/**
	 * The terms that the post is to have.
	 *
	 * @return Sitebridge_Item_Terms
	 */
	private function terms() {
		if ( null === $this->terms ) {
			$this->terms = new Sitebridge_Item_Terms( $this->fields->taxonomies( $this->input['type'] ), $this->input['terms'] );
		}

		return $this->terms;
	}

	/**
	 * Sets meta, each key by itself, so that one that is refused spares the others.
	 *
	 * @param array $values Values by name.
	 */
	private function set_meta( array $values ) {
		$fields = $this->fields->meta_fields( $this->post->post_type );
		$known  = Sitebridge_Item_Fields::has_meta( $this->post->post_type ) ? $fields->get_field_schema()['properties'] : array();
		foreach ( $values as $name => $value ) {
			if ( ! isset( $known[ $name ] ) ) {
				/* translators: %s: a meta key. */
				$this->notes[] = Sitebridge_Item_Terms::note( 'unknown_meta', sprintf( __( 'The meta key %s is not registered for the REST API here.', 'sitebridge-connector' ), $name ) );
				continue;
			}
			$done = $fields->update_value( array( $name => $value ), $this->post->ID );
			if ( is_wp_error( $done ) ) {
				$this->notes[] = Sitebridge_Item_Terms::note( 'meta_refused', $name . ': ' . $done->get_error_message() );
			}
		}
	}

	/**
	 * Sets the featured image.
	 *
	 * @param int $wanted The attachment; 0 for none.
	 */
	private function set_picture( $wanted ) {
		if ( Sitebridge_Item_Fields::picture( $this->post ) === $wanted ) {
			return;
		}
		if ( 0 === $wanted ) {
			delete_post_thumbnail( $this->post );
		} elseif ( Sitebridge_Item_Fields::has_picture( $this->post->post_type ) && 'attachment' === get_post_type( $wanted ) && wp_attachment_is_image( $wanted ) ) {
			set_post_thumbnail( $this->post, $wanted );
		}
		if ( Sitebridge_Item_Fields::picture( $this->post ) !== $wanted ) {
			/* translators: %d: the id of an attachment. */
			$this->notes[] = Sitebridge_Item_Terms::note( 'featured_media_refused', sprintf( __( 'There is no image %d here that could be the featured image.', 'sitebridge-connector' ), $wanted ) );
		}
	}

	/**
	 * What the controller is asked.
	 *
	 * @param array        $input What the route was given.
	 * @param WP_Post|null $post  The post that is to be updated.
	 * @return WP_REST_Request
	 */
	private static function request( array $input, $post ) {
		$fields = array_intersect_key( $input, array_flip( array( 'title', 'slug', 'content', 'excerpt', 'status', 'author', 'date_gmt', 'parent' ) ) );
		if ( isset( $fields['slug'] ) ) {
			$fields['slug'] = sanitize_title( $fields['slug'] );
			if ( '' === $fields['slug'] ) {
				// An update would get the one of its title, and its address with it.
				unset( $fields['slug'] );
			}
		}
		if ( isset( $fields['date_gmt'] ) ) {
			$fields['date_gmt'] = preg_replace( '/(\.0+)?Z$/i', '', $fields['date_gmt'] );
		}
		if ( null !== $post ) {
			$present = array(
				// Naming them would need rights that leaving them alone does not.
				'author'   => (int) $post->post_author,
				'parent'   => (int) $post->post_parent,
				// The date that a draft would have now is no date that it is to keep.
				'date_gmt' => Sitebridge_Item_Fields::date_gmt( $post ),
			);
			foreach ( $present as $name => $value ) {
				if ( isset( $fields[ $name ] ) && $fields[ $name ] === $value ) {
					unset( $fields[ $name ] );
				}
			}
			$fields['id'] = $post->ID;
		}
		$request = new WP_REST_Request( null === $post ? 'POST' : 'PUT' );
		$request->set_body_params( $fields );
		// What the controller would answer is not needed, and costs more than the writing.
		$request->set_query_params( array( '_fields' => 'id' ) );

		return $request;
	}
}
